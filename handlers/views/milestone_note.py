from bot.engine.notes import add_note
from bot.errors import NotFound
from bot.models import Milestone, NoteSource
from bot.slack.ids import InputId
from bot.slack.payloads import MilestoneRef, unpack
from handlers.call import ViewCall


async def handle_milestone_note_form(call: ViewCall) -> None:
    ref = unpack(MilestoneRef, call.metadata)
    async with call.changing() as session:
        milestone = await session.get(Milestone, ref.milestone)
        if milestone is None:
            raise NotFound
        body = call.form.text(InputId.NOTE) or ""
        await add_note(session, milestone.account_id, call.actor, call.now, body=body, source=NoteSource.MODAL)
