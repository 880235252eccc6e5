"""The owner's answer to an exemption, which both buttons share."""

from bot.engine.governance.exemptions import decide_exemption
from bot.slack.payloads import ExemptionRef
from bot.slack.text import plain
from handlers.call import ActionCall


async def answer_exemption(call: ActionCall, ref: ExemptionRef, *, approve: bool) -> None:
    async with call.changing() as session:
        change = await decide_exemption(session, call.services.library, ref.exemption, approve, call.actor, call.now)
    await call.say(plain(change.sentence))
