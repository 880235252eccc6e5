from bot.engine.runs import start_run
from bot.errors import InvalidInput
from bot.reports.run_view import load_plan
from bot.slack.ids import InputId
from bot.slack.payloads import StartRun, unpack
from bot.slack.playbook_views import build_plan
from handlers.call import ViewCall


async def handle_run_start_form(call: ViewCall) -> None:
    """Start a playbook on the chosen contact, and show the plan in place of the question."""
    about = unpack(StartRun, call.metadata)
    chosen = call.form.chosen(InputId.CONTACT)
    if not chosen:
        raise InvalidInput("Choose a contact.", field=InputId.CONTACT)
    async with call.changing() as session:
        run = await start_run(
            session,
            call.services.library,
            about.account,
            about.playbook,
            call.now,
            actor=call.actor,
            contact_id=int(chosen),
        )
        message = build_plan(await load_plan(session, run.id, call.actor, call.now))
    await call.say(message.text, message.blocks)
