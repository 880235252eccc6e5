from bot.engine.rounds import skip_round
from bot.slack.ids import InputId
from bot.slack.payloads import SkipRound, unpack
from bot.slack.text import plain
from handlers.call import ViewCall


async def handle_round_skip_form(call: ViewCall) -> None:
    """Skip the round, and say in place of the question when the next one starts."""
    about = unpack(SkipRound, call.metadata)
    reason = call.form.text(InputId.REASON) or ""
    async with call.changing() as session:
        skipped = await skip_round(
            session, call.services.library, about.account, about.playbook, call.actor, call.now, reason=reason
        )
    await call.say(plain(skipped.sentence))
