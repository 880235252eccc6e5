from bot.db import reading_session
from bot.engine.advocacy import ask_first
from bot.errors import NotFound
from bot.models import AskKind, ContactRole, Milestone
from bot.reports.advocates import load_ask
from bot.slack.advocates import build_ask_message
from bot.slack.payloads import MilestoneRef, unpack
from handlers.call import ActionCall

ASKED = (ContactRole.CHAMPION, ContactRole.EXECUTIVE_SPONSOR)


async def handle_advocacy_referral(call: ActionCall) -> None:
    """One tap in the good moment: whoever is celebrated is asked for a referral, within the limit."""
    ref = unpack(MilestoneRef, call.chosen)
    async with call.changing() as session:
        milestone = await session.get(Milestone, ref.milestone)
        if milestone is None:
            raise NotFound
        change = await ask_first(
            session, call.services.library, milestone.account_id, ASKED, AskKind.REFERRAL, call.actor, call.now
        )
    async with call.services.database.reading() as connection:
        ask = await load_ask(reading_session(connection), change.ask.id, call.actor, call.now)
    message = build_ask_message(ask, change.sentence)
    await call.say(message.text, message.blocks)
