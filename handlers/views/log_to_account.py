from bot.engine.notes import add_note
from bot.models import NoteSource
from bot.slack.ids import InputId
from bot.slack.payloads import LoggedMessage, unpack
from bot.slack.text import label
from handlers.accounts import chosen_account
from handlers.call import ViewCall


async def handle_log_to_account_form(call: ViewCall) -> None:
    ref = unpack(LoggedMessage, call.metadata)
    account = await chosen_account(call)
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
