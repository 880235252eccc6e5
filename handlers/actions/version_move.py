from bot.db import reading_session
from bot.reports.versions import require_version_card
from bot.slack.payloads import VersionRef, unpack
from handlers.call import ActionCall
from handlers.moving import offer_move


async def handle_version_move(call: ActionCall) -> None:
    ref = unpack(VersionRef, call.chosen)
    async with call.services.database.reading() as connection:
        card = await require_version_card(reading_session(connection), ref.version)
    await offer_move(call, card.key)
