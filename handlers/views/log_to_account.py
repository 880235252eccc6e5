from bot.engine.notes import add_note
from bot.errors import InvalidInput, NotFound
from bot.models import NoteSource
from bot.reports.account_head import AccountHead, load_head
from bot.reports.finding import find_account, require_found
from bot.slack.ids import InputId
from bot.slack.payloads import LoggedMessage, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_log_to_account_form(call: ViewCall) -> None:
    ref = unpack(LoggedMessage, call.metadata)
    account = await _account(call)
    async with call.changing() as session:
        note = await add_note(
            session,
            account.id,
            call.actor,
            call.now,
            body=call.form.text(InputId.NOTE) or "",
            source=NoteSource.SHORTCUT,
            channel=ref.channel,
            ts=ref.ts,
        )
    if note is None:
        await call.say("That message has been logged already, so nothing was added.")
    else:
        await call.say(f"Logged to *{label(account.name)}*. `/account timeline {account.key}` shows it.")


async def _account(call: ViewCall) -> AccountHead:
    """The account that is named goes before the one that is chosen. What cannot be found is said at the input."""
    named, chosen = call.form.text(InputId.OTHER_ACCOUNT), call.form.chosen(InputId.ACCOUNT)
    async with call.services.database.glance() as reader:
        if named:
            try:
                return require_found(await find_account(reader, named)).account
            except NotFound as error:
                raise InvalidInput(error.message, field=InputId.OTHER_ACCOUNT) from error
        if chosen:
            return await load_head(reader, int(chosen))
    raise InvalidInput("Choose an account, or name one.", field=InputId.OTHER_ACCOUNT)
