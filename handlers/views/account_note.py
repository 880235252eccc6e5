from bot.engine.notes import add_note
from bot.models import NoteSource
from bot.reports.account_head import load_head
from bot.slack.ids import InputId
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_account_note_form(call: ViewCall) -> None:
    ref = unpack(AccountRef, call.metadata)
    async with call.services.database.glance() as reader:
        account = await load_head(reader, ref.account)
    body = call.form.text(InputId.NOTE) or ""
    async with call.changing() as session:
        await add_note(session, account.id, call.actor, call.now, body=body, source=NoteSource.MODAL)
    await call.say(f"Noted for *{label(account.name)}*. `/account timeline {account.key}` shows it.")
