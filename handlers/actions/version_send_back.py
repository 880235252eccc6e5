from bot.db import reading_session
from bot.reports.versions import require_version_card
from bot.slack.payloads import VersionRef, unpack
from bot.slack.version_views import build_send_back_modal
from handlers.call import ActionCall


async def handle_version_send_back(call: ActionCall) -> None:
    ref = unpack(VersionRef, call.chosen)
    async with call.services.database.reading() as connection:
        card = await require_version_card(reading_session(connection), ref.version)
    await call.open_modal(build_send_back_modal(card))
