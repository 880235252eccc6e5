from bot.db import reading_session
from bot.reports.step_forms import head_of, load_step
from bot.slack.payloads import StepRef, unpack
from bot.slack.step_modals import build_note_modal
from handlers.call import ActionCall


async def handle_step_note(call: ActionCall) -> None:
    """A note can be added to a finished step too: that is when people know most."""
    ref = unpack(StepRef, call.chosen)
    async with call.services.database.reading() as connection:
        found = await load_step(reading_session(connection), call.services.library, ref.step)
    await call.open_modal(build_note_modal(head_of(found, ref.place)))
