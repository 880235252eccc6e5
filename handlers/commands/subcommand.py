"""What the sub-commands of a slash command have in common."""

from collections.abc import Awaitable, Callable

from bot.errors import InvalidInput
from bot.reports.account_head import AccountHead
from bot.reports.finding import find_account_and_rest, require_named
from bot.slack.account_help import usage
from handlers.accounts import account_named
from handlers.call import CommandCall

Subcommand = Callable[[CommandCall, str], Awaitable[None]]


async def named_account(call: CommandCall, text: str, subcommand: str) -> AccountHead:
    """The account that the whole of `text` names. Without a text, the usage is the answer."""
    if not text:
        raise InvalidInput(usage(subcommand))
    return await account_named(call, text)


async def account_and_rest(call: CommandCall, text: str, subcommand: str) -> tuple[AccountHead, str]:
    """The account that the first words of `text` name, and what follows it, which may be a change of the account."""
    if not text:
        raise InvalidInput(usage(subcommand))
    async with call.services.database.glance() as reader:
        found, rest = await find_account_and_rest(reader, text)
        return require_named(found).account, rest
