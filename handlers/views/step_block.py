from bot.engine.freshness import require_unchanged
from bot.engine.steps import block_step
from bot.errors import InvalidInput
from bot.models import BlockCategory
from bot.reports.step_forms import find_colleague
from bot.slack.ids import InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.step_answers import answer_form


async def handle_step_block_form(call: ViewCall) -> None:
    """Mark the step as blocked, and ask those who were chosen for help."""
    ref = unpack(StepRef, call.metadata)
    form = call.form
    category = form.chosen(InputId.CATEGORY)
    if category is None:
        raise InvalidInput("Choose what kind of thing is in the way.", field=InputId.CATEGORY)
    helpers = [int(member_id) for member_id in form.choices(InputId.HELPERS)]
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        if another := form.chosen(InputId.ANOTHER_HELPER):
            helpers.append(await find_colleague(session, another))
        change = await block_step(
            session,
            call.services.library,
            ref.step,
            call.actor,
            call.now,
            reason=form.text(InputId.REASON) or "",
            category=BlockCategory(category),
            pull_in=helpers,
        )
    await answer_form(call, ref, change)
