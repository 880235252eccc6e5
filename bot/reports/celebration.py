"""A milestone that was reached, with what its CSM can do about it."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Account, Contact, ContactRole, Milestone, Run
from bot.slack.celebration import Celebration


async def load_celebration(session: AsyncSession, milestone_id: int) -> Celebration | None:
    """None when the milestone is gone."""
    query = (
        select(Milestone, Account)
        .join(Account, col(Account.id) == Milestone.account_id)
        .where(Milestone.id == milestone_id)
    )
    found = (await session.exec(query)).one_or_none()
    if found is None:
        return None
    milestone, account = found
    contacts = select(Contact).where(Contact.account_id == account.id).order_by(col(Contact.id))
    started = select(Run.title).where(
        Run.account_id == account.id, col(Run.trigger_key).endswith(f":milestone:{milestone.id}", autoescape=True)
    )
    return Celebration(
        milestone_id=milestone.id,
        account=account.name,
        account_key=account.key,
        title=milestone.title,
        kind=milestone.kind,
        evidence=milestone.evidence,
        champions=tuple(c.name for c in (await session.exec(contacts)).all() if ContactRole.CHAMPION in c.roles),
        playbooks=tuple((await session.exec(started)).all()),
    )
