"""Which account somebody means, for listeners."""

from bot.reports.account_head import AccountHead
from bot.reports.finding import find_account, require_found
from bot.slack.incoming import as_typed
from handlers.call import Call


async def account_named(call: Call, text: str) -> AccountHead:
    """Raises NotFound, with names to choose from, when it is not clear which is meant."""
    async with call.services.database.glance() as reader:
        return require_found(await find_account(reader, as_typed(text))).account
