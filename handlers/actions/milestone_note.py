from bot.db import reading_session
from bot.errors import NotFound
from bot.reports.celebration import load_celebration
from bot.slack.celebration import build_milestone_note_modal
from bot.slack.payloads import MilestoneRef, unpack
from handlers.call import ActionCall


async def handle_milestone_note(call: ActionCall) -> None:
    ref = unpack(MilestoneRef, call.chosen)
    async with call.services.database.reading() as connection:
        celebration = await load_celebration(reading_session(connection), ref.milestone)
    if celebration is None:
        raise NotFound
    await call.open_modal(build_milestone_note_modal(celebration))
