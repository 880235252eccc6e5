from bot.engine.answers import Completion
from bot.engine.freshness import require_unchanged
from bot.engine.steps import complete_step
from bot.slack.ids import ANSWER_PREFIX, InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.form import Form
from handlers.step_answers import answer_form


async def handle_step_complete_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        completion = read_completion(call.form)
        change = await complete_step(session, call.services.library, ref.step, call.actor, call.now, completion)
    await answer_form(call, ref, change)


def read_completion(form: Form) -> Completion:
    """What the inputs of a completion say, as it was entered: the engine knows the types."""
    return Completion(
        outcome=form.chosen(InputId.OUTCOME),
        answers={
            block_id.removeprefix(ANSWER_PREFIX): form.any(block_id)
            for block_id in form.block_ids
            if block_id.startswith(ANSWER_PREFIX)
        },
        artefact=form.text(InputId.ARTEFACT),
        reason=form.text(InputId.REASON),
    )
