from bot.engine.suggestions import give_feedback
from bot.reports.step_forms import head_of, load_step
from bot.slack.feedback_modals import build_feedback_modal
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall


async def handle_step_did_not_help(call: ActionCall) -> None:
    """The tap itself is kept; what to change may be said in the modal."""
    ref = unpack(StepRef, call.chosen)
    async with call.changing() as session:
        given = await give_feedback(session, ref.step, call.actor, call.now, helpful=False)
        found = await load_step(session, call.services.library, ref.step)
        modal = build_feedback_modal(head_of(found, ref.place), given.body)
    await call.open_modal(modal)
