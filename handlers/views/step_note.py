from bot.engine.notes import add_note
from bot.models import NoteSource
from bot.reports.step_forms import load_step
from bot.slack.ids import InputId
from bot.slack.payloads import Place, StepRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_step_note_form(call: ViewCall) -> None:
    """Keep the note, whatever has become of the step in the meantime."""
    ref = unpack(StepRef, call.metadata)
    async with call.changing() as session:
        found = await load_step(session, call.services.library, ref.step)
        await add_note(
            session,
            found.account.id,
            call.actor,
            call.now,
            body=call.form.text(InputId.NOTE) or "",
            source=NoteSource.MODAL,
            step_id=ref.step,
        )
    if ref.place is not Place.MESSAGE:
        await call.say(f"Noted for {label(found.account.name)}.")
