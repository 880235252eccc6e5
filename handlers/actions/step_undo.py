from bot.engine.steps import undo_step
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall
from handlers.step_answers import answer_click


async def handle_step_undo(call: ActionCall) -> None:
    ref = unpack(StepRef, call.chosen)
    async with call.changing() as session:
        change = await undo_step(session, call.services.library, ref.step, call.actor, call.now)
    await answer_click(call, ref, change)
