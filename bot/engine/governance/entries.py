"""Who changed what about the playbooks themselves. Every decision writes an entry: others notice it by that."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.models import PlaybookEntry

SUMMARY_LENGTH = 3000


def record_decision(
    session: AsyncSession,
    key: str,
    summary: str,
    now: datetime,
    *,
    actor: Actor | None = None,
    version_id: int | None = None,
) -> None:
    """Add one entry. `summary` is plain text without the actor's name; no actor means Playcall itself."""
    session.add(
        PlaybookEntry(
            key=key,
            version_id=version_id,
            actor_id=actor.member_id if actor else None,
            summary=summary[:SUMMARY_LENGTH],
            at=now,
        )
    )
