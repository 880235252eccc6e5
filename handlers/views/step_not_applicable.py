from bot.engine.freshness import require_unchanged
from bot.engine.steps import mark_not_applicable
from bot.slack.ids import InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.step_answers import answer_form


async def handle_step_not_applicable_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    reason = call.form.text(InputId.REASON) or ""
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        change = await mark_not_applicable(
            session, call.services.library, ref.step, call.actor, call.now, reason=reason
        )
    await answer_form(call, ref, change)
