"""/account quarantine: signals of accounts nobody knows."""

from bot.errors import InvalidInput
from bot.reports.quarantine import load_page
from bot.slack.account_help import usage
from bot.slack.quarantine_views import build_quarantine_list
from handlers.call import CommandCall


async def show_quarantine(call: CommandCall, text: str) -> None:
    """Every member may look, and assign to an account they may edit; leaders may assign to any, and drop."""
    if text and not (text.isdecimal() and len(text) < 5):
        raise InvalidInput(usage("quarantine"))
    async with call.services.database.glance() as reader:
        page = await load_page(reader, call.services.library.metrics, int(text or 1))
    message = build_quarantine_list(page)
    await call.say(message.text, message.blocks)
