"""A blocked step for a colleague who was asked to help."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.permissions import may_change_step
from bot.library.library import Library
from bot.models import Member, MemberRole
from bot.reports.step_cards import build_card, load_steps, load_surroundings
from bot.slack.blocked_message import BlockedCard
from bot.slack.dates import day_words


async def load_blocked_card(
    session: AsyncSession, library: Library, step_id: int, asked_by_id: int, member_id: int, now: datetime
) -> BlockedCard | None:
    """The step as the member who was asked sees it; None when it is not there any more."""
    found = next(iter(await load_steps(session, library, [step_id])), None)
    if found is None:
        return None
    reader = Actor.of(await session.get_one(Member, member_id))
    asked_by = await session.get_one(Member, asked_by_id)
    around = await load_surroundings(session, [found])
    card = build_card(found, around, reader, now)
    account = found.account
    facts = [account.name, f"{account.stage}, {account.segment}"]
    if csm := around.team_of(account.id).get(MemberRole.CSM):
        facts.append(f"CSM {csm.name}")
    if account.renewal_date:
        facts.append(f"renews {day_words(account.renewal_date, card.today)}")
    return BlockedCard(
        step=card,
        asked_by=asked_by.name,
        asked_by_slack_id=asked_by.slack_user_id,
        facts=tuple(facts),
        may_unblock=may_change_step(reader, found.step, around.roles.get(account.id, {})),
    )
