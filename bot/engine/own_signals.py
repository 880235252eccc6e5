"""The signals Playcall writes itself: what an account is worth, and who its executive sponsors are, at each change."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.evaluations import ask_for_evaluation
from bot.models import Account, Contact, ContactRole, Signal, SignalKind, Stage

SOURCE = "playcall"
JOINED, LEFT = "joined", "left"


def worth(stage: str, arr: int | None) -> int | None:
    """What an account brings in a year: nothing once it has churned. None: not known."""
    return 0 if stage == Stage.CHURNED else arr


async def note_worth(
    session: AsyncSession, account: Account, before: int | None, now: datetime, actor: Actor | None = None
) -> None:
    """Keep what the account is worth, when that is not what it was `before`, so that retention can be worked out."""
    after = worth(account.stage, account.arr)
    if after == before:
        return
    if after is not None:
        row = own_signal(account.id, SignalKind.ARR, now, number=after)
        session.add(Signal(**row, author_id=actor.on_file if actor else None))
    await ask_for_evaluation(session, [account.id], now)


async def note_sponsor(
    session: AsyncSession, contact: Contact, before: Collection[str], now: datetime, actor: Actor | None = None
) -> None:
    """Keep that a contact became an executive sponsor, or is none any more. `before` are the roles they had."""
    if label := sponsor_change(before, contact.roles):
        row = own_signal(contact.account_id, SignalKind.SPONSOR_CHANGE, now, label=label, contact_id=contact.id)
        session.add(Signal(**row, author_id=actor.on_file if actor else None))
        await ask_for_evaluation(session, [contact.account_id], now)


def sponsor_change(before: Collection[str], after: Collection[str]) -> str | None:
    """`joined` or `left`; None when the roles say the same of being the sponsor as before."""
    was, is_ = (ContactRole.EXECUTIVE_SPONSOR in roles for roles in (before, after))
    if was == is_:
        return None
    return JOINED if is_ else LEFT


def own_signal(
    account_id: int,
    kind: SignalKind,
    now: datetime,
    *,
    number: float | None = None,
    label: str | None = None,
    contact_id: int | None = None,
) -> dict[str, Any]:
    """The columns of such a signal, but for its author."""
    return {
        "account_id": account_id,
        "contact_id": contact_id,
        "kind": kind.value,
        "number": number,
        "label": label,
        "comment": None,
        "source": SOURCE,
        "external_id": uuid4().hex,
        "observed_at": now,
        "created_at": now,
    }
