from bot.db import reading_session
from bot.engine.answers import NOTHING_SAID, Completion
from bot.engine.steps import complete_step
from bot.models import FINISHED
from bot.reports.step_forms import head_of, load_completion_form, load_known_answers, load_step
from bot.slack.completion_modal import build_changed_modal, build_confirm_modal
from bot.slack.payloads import FoundRef, unpack
from handlers.call import ActionCall
from handlers.step_answers import answer_click


async def handle_step_confirm(call: ActionCall) -> None:
    """Complete a check with what is known, when that is enough and still what was shown; else ask."""
    ref = unpack(FoundRef, call.chosen)
    completion = await _confirmed(call, ref)
    if completion is None:
        return
    async with call.changing() as session:
        change = await complete_step(session, call.services.library, ref.step, call.actor, call.now, completion)
    await answer_click(call, ref, change)


async def _confirmed(call: ActionCall, ref: FoundRef) -> Completion | None:
    """What the click says; None when a modal was opened in its place."""
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, ref.step)
        if found.step.status in FINISHED:
            return NOTHING_SAID
        known = await load_known_answers(session, call.services.library, found, call.actor, call.now)
        is_same = known.fingerprint == ref.found
        if known.is_enough and is_same:
            return Completion(answers=known.answers, found=known.found)
        form = await load_completion_form(session, call.services.library, found, call.actor, call.now)
    build = build_confirm_modal if is_same else build_changed_modal
    await call.open_modal(build(head_of(found, ref.place), form))
    return None
