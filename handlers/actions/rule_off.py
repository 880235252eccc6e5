from bot.engine.rules.standing import switch_off
from bot.slack.payloads import RuleRef, unpack
from bot.slack.text import escape
from handlers.call import ActionCall


async def handle_rule_off(call: ActionCall) -> None:
    ref = unpack(RuleRef, call.chosen)
    async with call.changing() as session:
        change = await switch_off(session, call.services.library, ref.rule, call.actor, call.now)
    await call.say(escape(change.sentence))
