"""/account add and edit: open the form."""

from bot.engine.permissions import require_may_edit_account
from bot.reports.account_form import read_edit_form, read_new_form
from bot.slack.account_form import build_add_account_modal, build_edit_account_modal
from bot.slack.payloads import AccountEditForm
from handlers.call import CommandCall
from handlers.commands.subcommand import named_account


async def open_add_form(call: CommandCall, _: str) -> None:
    async with call.services.database.glance() as reader:
        form = await read_new_form(reader, call.services.library)
    await call.open_modal(build_add_account_modal(form))


async def open_edit_form(call: CommandCall, text: str) -> None:
    """Those who may not save are told before they fill it in."""
    account = await named_account(call, text, "edit")
    require_may_edit_account(call.actor, account.roles)
    async with call.services.database.glance() as reader:
        form, updated_at = await read_edit_form(reader, call.services.library, account)
    ref = AccountEditForm(account=account.id, updated_at=updated_at)
    await call.open_modal(build_edit_account_modal(form, ref, account.key))
