from bot.reports.account_form import read_my_accounts
from bot.slack.account_form import build_log_message_modal
from bot.slack.incoming import as_typed
from bot.slack.payloads import LoggedMessage
from handlers.call import ActionCall


async def handle_log_to_account(call: ActionCall) -> None:
    """Ask which account a message belongs to, and let the note be worded."""
    message = call.body["message"]
    ref = LoggedMessage(channel=call.body["channel"]["id"], ts=message["ts"])
    async with call.services.database.glance() as reader:
        mine = await read_my_accounts(reader, call.actor.member_id)
    await call.open_modal(build_log_message_modal(ref, as_typed(message.get("text") or ""), mine))
