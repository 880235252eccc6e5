from bot.reports.account_head import load_head
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall
from handlers.charting import send_charts


async def handle_account_chart(call: ActionCall) -> None:
    async with call.services.database.glance() as reader:
        account = await load_head(reader, unpack(AccountRef, call.chosen).account)
    await send_charts(call, account)
