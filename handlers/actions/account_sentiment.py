from bot.engine.permissions import require_may_edit_account
from bot.reports.account_head import load_head
from bot.slack.account_modals import build_sentiment_modal
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall


async def handle_account_sentiment(call: ActionCall) -> None:
    """Those who may not save are told before they fill it in."""
    ref = unpack(AccountRef, call.chosen)
    async with call.services.database.glance() as reader:
        account = await load_head(reader, ref.account)
    require_may_edit_account(call.actor, account.roles)
    await call.open_modal(build_sentiment_modal(ref, account.name))
