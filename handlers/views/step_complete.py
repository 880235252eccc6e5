from dataclasses import replace

from bot.db import reading_session
from bot.engine.answers import Completion
from bot.engine.freshness import require_unchanged
from bot.engine.steps import complete_step
from bot.reports.step_forms import load_known_answers, load_step
from bot.slack.ids import ANSWER_PREFIX, InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.form import Form
from handlers.step_answers import answer_form


async def handle_step_complete_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    completion = await _with_known(call, ref.step, read_completion(call.form))
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        change = await complete_step(session, call.services.library, ref.step, call.actor, call.now, completion)
    await answer_form(call, ref, change)


async def _with_known(call: ViewCall, step_id: int, completion: Completion) -> Completion:
    """The completion with what was known beforehand, so that it can be told what is new.

    Read outside the transaction that changes the step: there, nothing may be read before the account is locked.
    """
    if not completion.answers:
        return completion
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, step_id)
        known = await load_known_answers(session, call.services.library, found, call.actor, call.now)
    return replace(completion, found=known.found)


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
        wrong=form.text(InputId.WRONG),
    )
