from bot.engine.escalations import acknowledge_escalation
from bot.slack.payloads import EscalationRef, unpack
from bot.slack.text import plain
from handlers.call import ActionCall


async def handle_escalation_acknowledge(call: ActionCall) -> None:
    ref = unpack(EscalationRef, call.chosen)
    async with call.changing() as session:
        change = await acknowledge_escalation(session, ref.escalation, call.actor, call.now)
    if not change.changed:
        await call.say(plain(change.sentence))
