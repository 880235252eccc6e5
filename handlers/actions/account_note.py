from bot.reports.account_head import load_head
from bot.slack.account_form import build_account_note_modal
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall


async def handle_account_note(call: ActionCall) -> None:
    ref = unpack(AccountRef, call.chosen)
    async with call.services.database.glance() as reader:
        account = await load_head(reader, ref.account)
    await call.open_modal(build_account_note_modal(ref, account.name))
