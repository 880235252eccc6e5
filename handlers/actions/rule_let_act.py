from bot.engine.rules.standing import let_act
from bot.slack.payloads import RuleRef, unpack
from bot.slack.text import escape
from handlers.call import ActionCall


async def handle_rule_let_act(call: ActionCall) -> None:
    """The rule acts from now on, as long as it is still the one that was shown."""
    ref = unpack(RuleRef, call.chosen)
    async with call.changing() as session:
        change = await let_act(session, call.services.library, ref.rule, call.actor, call.now, digest=ref.digest)
    await call.say(escape(change.sentence))
