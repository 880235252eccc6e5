from bot.db import reading_session
from bot.engine.steps import complete_step
from bot.models import FINISHED
from bot.reports.step_forms import head_of, load_completion_form, load_step
from bot.slack.completion_modal import build_wrong_modal
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall
from handlers.step_answers import answer_click


async def handle_step_wrong(call: ActionCall) -> None:
    """Ask for the answers as they really are. A finished step is not asked about again."""
    ref = unpack(StepRef, call.chosen)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, ref.step)
        form = await load_completion_form(session, call.services.library, found, call.actor, call.now)
    if found.step.status not in FINISHED:
        await call.open_modal(build_wrong_modal(head_of(found, ref.place), form))
        return
    async with call.changing() as session:  # says who was first
        change = await complete_step(session, call.services.library, ref.step, call.actor, call.now)
    await answer_click(call, ref, change)
