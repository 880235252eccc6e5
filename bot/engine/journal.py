"""Writing the timeline. An entry is part of the transaction of the change it tells of."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.models import TimelineEntry, TimelineKind

SUMMARY_LENGTH = 3000


def record(
    session: AsyncSession,
    kind: TimelineKind,
    summary: str,
    now: datetime,
    *,
    account_id: int,
    actor: Actor | None = None,
    run_id: int | None = None,
    step_id: int | None = None,
    escalation_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one entry. `summary` is plain text without a member's name; no actor means Playcall itself.

    What another system did is told as Playcall's, with the system's name behind it.
    """
    if actor and not actor.is_member:
        summary = f"{summary}, by {actor.name}"
    session.add(
        TimelineEntry(
            account_id=account_id,
            run_id=run_id,
            step_id=step_id,
            escalation_id=escalation_id,
            actor_id=actor.on_file if actor else None,
            kind=kind,
            summary=summary[:SUMMARY_LENGTH],
            details=details or {},
            at=now,
        )
    )
