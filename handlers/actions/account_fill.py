from bot.engine.permissions import require_may_edit_account
from bot.reports.account_form import read_edit_form
from bot.reports.account_head import load_head
from bot.slack.account_form import build_edit_account_modal
from bot.slack.payloads import AccountEditForm, AccountRef, unpack
from handlers.call import ActionCall


async def handle_account_fill(call: ActionCall) -> None:
    """The form of an account, from the report of what is missing."""
    async with call.services.database.glance() as reader:
        account = await load_head(reader, unpack(AccountRef, call.chosen).account)
        require_may_edit_account(call.actor, account.roles)
        form, updated_at = await read_edit_form(reader, call.services.library, account)
    ref = AccountEditForm(account=account.id, updated_at=updated_at)
    await call.open_modal(build_edit_account_modal(form, ref, account.key))
