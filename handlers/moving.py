"""Offering to move open runs to the version in use, for listeners."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.engine.governance.moving import MOST_AT_ONCE
from bot.reports.account_head import AccountHead
from bot.reports.moving import load_move
from bot.slack.move_modal import build_move_modal
from handlers.call import Call


async def offer_move(call: Call, key: str, account: AccountHead | None = None) -> None:
    """Open the form with the preview; a sentence when every open run is on the version in use already."""
    library = call.services.library
    async with call.services.database.reading() as connection:
        await library.refresh(connection)
        offer = await load_move(reading_session(connection), library, key, call.now, account.id if account else None)
    if offer is None:
        where = f" on {account.name}" if account else ""
        await call.say(f"Every open run of `{key}`{where} is on the version in use already.")
        return
    today = local_date(call.now, call.actor.timezone)
    await call.open_modal(build_move_modal(offer.form, offer.title, offer.runs, offer.total, MOST_AT_ONCE, today))
