from bot.engine.suggestions import give_feedback
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall


async def handle_step_helped(call: ActionCall) -> None:
    ref = unpack(StepRef, call.chosen)
    async with call.changing() as session:
        await give_feedback(session, ref.step, call.actor, call.now, helpful=True)
