from bot.engine.governance.moving import move_runs, runs_to_move
from bot.slack.blocks import section, sections
from bot.slack.payloads import MoveForm, unpack
from bot.slack.text import plain
from handlers.call import ViewCall


async def handle_runs_move_form(call: ViewCall) -> None:
    """Move the runs, and say what became of each in place of the question."""
    form = unpack(MoveForm, call.metadata)
    library = call.services.library
    async with call.changing() as session:
        changes = await move_runs(
            session, library, form.playbook, form.version, call.actor, call.now, account_id=form.account
        )
        left = len(await runs_to_move(session, library, form.playbook, form.account))
    text = f"Moved {len(changes)} {'run' if len(changes) == 1 else 'runs'}."
    if left:
        text += f" {left} are left: `/playbook move {form.playbook}`."
    await call.say(text, [section(text), *sections(plain(change.sentence) for change in changes)])
