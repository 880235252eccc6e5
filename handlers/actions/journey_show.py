from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall
from handlers.commands.account_journey import say_journey


async def handle_journey_show(call: ActionCall) -> None:
    await say_journey(call, unpack(AccountRef, call.chosen).account)
