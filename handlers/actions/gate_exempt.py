from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall
from handlers.exempting import ask_to_pass_gate


async def handle_gate_exempt(call: ActionCall) -> None:
    await ask_to_pass_gate(call, unpack(AccountRef, call.chosen).account)
