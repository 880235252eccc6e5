from bot.engine.freshness import require_unchanged
from bot.engine.steps import reassign_step
from bot.reports.step_forms import find_colleague
from bot.slack.ids import InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.step_answers import answer_form


async def handle_step_reassign_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        member_id = await find_colleague(session, call.form.chosen(InputId.MEMBER))
        change = await reassign_step(
            session, call.services.library, ref.step, call.actor, call.now, member_id=member_id
        )
    await answer_form(call, ref, change)
