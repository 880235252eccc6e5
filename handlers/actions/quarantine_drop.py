from bot.signals.assigning import drop_reference
from bot.signals.components import counted
from bot.slack.payloads import QuarantineRef, unpack
from handlers.call import ActionCall


async def handle_quarantine_drop(call: ActionCall) -> None:
    ref = unpack(QuarantineRef, call.chosen)
    async with call.changing() as session:
        count = await drop_reference(session, ref.quarantined, call.actor, call.now)
    await call.say(
        f"{counted(count, 'signal')} dropped, and what comes under that name from now on is kept aside without a word. "
        "`/account quarantine` still shows it, should it be somebody's after all."
    )
