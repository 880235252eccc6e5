from bot.engine.suggestions import give_feedback
from bot.slack.ids import InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall


async def handle_step_feedback_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    change = call.form.text(InputId.CHANGE) or ""
    async with call.changing() as session:
        await give_feedback(session, ref.step, call.actor, call.now, helpful=False, body=change)
