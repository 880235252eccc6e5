from bot.db import reading_session
from bot.engine.steps import complete_step
from bot.models import FINISHED
from bot.reports.step_forms import head_of, load_completion_form, load_step, may_ask
from bot.slack.completion_modal import build_completion_modal
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall
from handlers.step_answers import answer_click


async def handle_step_complete(call: ActionCall) -> None:
    """Complete at once, or ask first for what the step asks for. A finished step is not asked about again."""
    ref = unpack(StepRef, call.chosen)
    async with call.services.database.glance() as reader:
        asks = await may_ask(reader, call.services.library, ref.step)
    if asks and await _asked(call, ref):
        return
    async with call.changing() as session:
        change = await complete_step(session, call.services.library, ref.step, call.actor, call.now)
    await answer_click(call, ref, change)


async def _asked(call: ActionCall, ref: StepRef) -> bool:
    """Open the modal with what the step asks for; False when it asks nothing."""
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, ref.step)
        if found.spec.asks_nothing or found.step.status in FINISHED:
            return False
        form = await load_completion_form(session, call.services.library, found, call.actor, call.now)
    await call.open_modal(build_completion_modal(head_of(found, ref.place), form))
    return True
