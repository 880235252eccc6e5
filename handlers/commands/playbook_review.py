"""/playbook review [2026-Q3]: the pack for the quarterly review."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.reports.leading.review import Quarter, load_review
from bot.slack.leading.review import build_review
from handlers.call import CommandCall
from handlers.commands.leading import require_leader


async def show_review(call: CommandCall, text: str) -> None:
    """Without a quarter, the one under way."""
    require_leader(call.actor)
    quarter = Quarter.named(text) if text else Quarter.of(local_date(call.now, call.actor.timezone))
    async with call.services.database.reading() as connection:
        review = await load_review(reading_session(connection), call.services.library, quarter, call.now)
    message = build_review(review)
    await call.say(message.text, message.blocks)
