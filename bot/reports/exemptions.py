"""Read models of exemptions."""

from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.governance.exemptions import about_words
from bot.library.library import Library
from bot.models import Account, AccountRole, Exemption, ExemptionStatus, Member, MemberRole
from bot.slack.exemption_views import ExemptionCard


async def load_exemption_card(session: AsyncSession, library: Library, exemption_id: int) -> ExemptionCard | None:
    found = await _load(session, library, Exemption.id == exemption_id)
    return found[0] if found else None


async def load_exemptions(session: AsyncSession, library: Library, now: datetime) -> list[ExemptionCard]:
    """Those in force and those that wait for an answer, the first to end first."""
    status = col(Exemption.status).in_((ExemptionStatus.REQUESTED, ExemptionStatus.APPROVED))
    return await _load(session, library, status, col(Exemption.expires_on) >= now.date())


async def ended_for(
    session: AsyncSession, library: Library, exemption_id: int, until: date
) -> tuple[ExemptionCard, int] | None:
    """An exemption whose last day `until` is over, with the id of the account's CSM who is to hear of it.

    None when there is nothing to tell: it was ended on another day, or nobody is there to hear.
    """
    query = (
        select(Exemption, Member)
        .join(AccountRole, col(AccountRole.account_id) == Exemption.account_id)
        .join(Member, col(Member.id) == AccountRole.member_id)
        .where(Exemption.id == exemption_id, AccountRole.role == MemberRole.CSM, col(Member.active))
    )
    found = (await session.exec(query)).first()
    if found is None:
        return None
    exemption, csm = found
    if exemption.expires_on != until:
        return None
    card = await load_exemption_card(session, library, exemption_id)
    return (card, csm.id) if card else None


async def _load(session: AsyncSession, library: Library, *which: ColumnElement[bool] | bool) -> list[ExemptionCard]:
    asker, approver = aliased(Member), aliased(Member)
    query = (
        select(Exemption, Account.name, asker.name, approver.name)
        .join(Account, col(Account.id) == Exemption.account_id)
        .join(asker, col(asker.id) == Exemption.requested_by_id)
        .join(approver, col(approver.id) == Exemption.approver_id, isouter=True)
        .where(*which)
        .order_by(col(Exemption.expires_on), col(Exemption.id))
    )
    return [
        ExemptionCard(
            exemption_id=exemption.id,
            account=account,
            about=about_words(library, exemption),
            reason=exemption.reason,
            status=exemption.status,
            until=exemption.expires_on,
            asked_by=asked_by,
            approver=approved_by,
        )
        for exemption, account, asked_by, approved_by in (await session.exec(query)).all()
    ]
