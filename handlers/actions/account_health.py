from bot.reports.account_head import load_head
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall
from handlers.commands.account_showing import say_health


async def handle_account_health(call: ActionCall) -> None:
    async with call.services.database.glance() as reader:
        account = await load_head(reader, unpack(AccountRef, call.chosen).account)
    await say_health(call, account)
