"""What a thread is about: the accounts of the message it hangs on."""

from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Account, Escalation, PostedMessage, PostedStep, Step


@dataclass(frozen=True, slots=True)
class ThreadAbout:
    """An account that a message is about, and its step when the message shows but one of it."""

    account_id: int
    account: str
    step_ids: tuple[int, ...] = ()

    @property
    def step_id(self) -> int | None:
        return self.step_ids[0] if len(self.step_ids) == 1 else None


@dataclass(frozen=True, slots=True)
class Thread:
    accounts: tuple[ThreadAbout, ...]
    is_escalation: bool = False


async def load_thread(session: AsyncSession, channel: str, ts: str) -> Thread | None:
    """None for a thread under a message that is not ours, or shows nothing that notes can be about."""
    query = select(PostedMessage).where(PostedMessage.channel == channel, PostedMessage.ts == ts)
    posted = (await session.exec(query)).one_or_none()
    if posted is None:
        return None
    if posted.escalation_id is not None:
        found = (
            await session.exec(
                select(Account.id, Account.name)
                .join(Escalation, col(Escalation.account_id) == Account.id)
                .where(Escalation.id == posted.escalation_id)
            )
        ).one()
        return Thread((ThreadAbout(*found),), is_escalation=True)
    steps = (
        await session.exec(
            select(Account.id, Account.name, Step.id)
            .join(Step, col(Step.account_id) == Account.id)
            .join(PostedStep, col(PostedStep.step_id) == Step.id)
            .where(PostedStep.message_id == posted.id)
            .order_by(col(PostedStep.position))
        )
    ).all()
    if not steps and posted.account_id is not None:
        account = await session.get_one(Account, posted.account_id)
        return Thread((ThreadAbout(account.id, account.name),))
    names = {account_id: name for account_id, name, _ in steps}
    return Thread(
        tuple(
            ThreadAbout(account_id, name, tuple(step_id for other, _, step_id in steps if other == account_id))
            for account_id, name in names.items()
        )
    )
