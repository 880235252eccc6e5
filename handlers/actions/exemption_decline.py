from bot.slack.payloads import ExemptionRef, unpack
from handlers.call import ActionCall
from handlers.exempting import answer_exemption


async def handle_exemption_decline(call: ActionCall) -> None:
    await answer_exemption(call, unpack(ExemptionRef, call.chosen), approve=False)
