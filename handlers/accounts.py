"""Which account somebody means, for listeners."""

from bot.errors import InvalidInput, NotFound
from bot.reports.account_head import AccountHead, load_head
from bot.reports.finding import find_account, require_found, require_named
from bot.slack.ids import InputId
from bot.slack.incoming import as_typed
from handlers.call import Call, ViewCall


async def account_named(call: Call, text: str) -> AccountHead:
    """Raises NotFound, with names to choose from, when it is not clear which is meant."""
    async with call.services.database.glance() as reader:
        return require_found(await find_account(reader, as_typed(text))).account


async def account_to_change(call: Call, text: str) -> AccountHead:
    """The same for what changes something without asking again: what only comes near is not taken for it."""
    async with call.services.database.glance() as reader:
        return require_named(await find_account(reader, as_typed(text))).account


async def chosen_account(call: ViewCall) -> AccountHead:
    """The account that is named goes before the one that is chosen. What cannot be found is said at the input."""
    named, chosen = call.form.text(InputId.OTHER_ACCOUNT), call.form.chosen(InputId.ACCOUNT)
    async with call.services.database.glance() as reader:
        if named:
            try:
                return require_named(await find_account(reader, named)).account
            except NotFound as error:
                raise InvalidInput(error.message, field=InputId.OTHER_ACCOUNT) from error
        if chosen:
            return await load_head(reader, int(chosen))
    raise InvalidInput("Choose an account, or name one.", field=InputId.OTHER_ACCOUNT)
