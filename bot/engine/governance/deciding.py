"""What becomes of a draft: its owner approves it, or sends it back with a reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.governance.entries import record_decision
from bot.engine.governance.owners import editors_named, owner_named, owners_of
from bot.engine.governance.telling import redraw_draft, tell_editors, tell_leaders, tell_team
from bot.engine.permissions import require_may_decide
from bot.errors import InvalidInput, NotFound, WrongState
from bot.models import OPEN_RUNS, Member, PlaybookVersion, Run, VersionStatus

REASON_LENGTH = 3000


@dataclass(frozen=True)
class VersionChange:
    """`behind`: how many open runs are on older versions of it."""

    version: PlaybookVersion
    changed: bool
    sentence: str
    behind: int = 0


async def approve_version(session: AsyncSession, version_id: int, actor: Actor, now: datetime) -> VersionChange:
    """The version is what is started from now on; the one before is superseded. Running runs stay on theirs.

    What was sent back can still be approved, when its owner thinks better of it.
    """
    version, former = await _locked(session, version_id)
    in_use = former or version
    await _require_may_decide(session, in_use, actor)
    if version.status is VersionStatus.APPROVED:
        return VersionChange(version, False, f"{_title(version)} is approved already{await _by(session, version)}.")
    _require_waiting(version)
    if former:
        former.status = VersionStatus.SUPERSEDED
        await session.flush()
    _decide(version, VersionStatus.APPROVED, actor, now)
    record_decision(
        session, version.key, f"approved version {version.version}", now, actor=actor, version_id=version.id
    )
    await redraw_draft(session, version.id, now)
    await tell_team(session, version.id, former.id if former else None, now)
    news = f"{actor.name} approved the change of {_title(version)}: version {version.version} is in use now."
    await tell_editors(session, editors_named(in_use), news, actor, now)
    behind = await runs_behind(session, version)
    return VersionChange(version, True, f"{_title(version)}: version {version.version} is in use now.", behind)


async def send_back_version(
    session: AsyncSession, version_id: int, actor: Actor, now: datetime, *, reason: str
) -> VersionChange:
    """The author has to think again; what is in use stays in use. The leaders' channel hears why."""
    version, former = await _locked(session, version_id)
    in_use = former or version
    await _require_may_decide(session, in_use, actor)
    if version.status is VersionStatus.REJECTED:
        return VersionChange(version, False, f"{_title(version)} was sent back already{await _by(session, version)}.")
    _require_waiting(version)
    if not reason.strip():
        raise InvalidInput("Say what should be different, in a few words.", field="reason")
    _decide(version, VersionStatus.REJECTED, actor, now, reason.strip()[:REASON_LENGTH])
    summary = f"sent back version {version.version}: {reason.strip()}"
    record_decision(session, version.key, summary, now, actor=actor, version_id=version.id)
    await redraw_draft(session, version.id, now)
    news = f"{actor.name} sent back the change of {_title(version)}: {reason.strip()}"
    await tell_leaders(session, news, now)
    await tell_editors(session, editors_named(in_use), news, actor, now)
    return VersionChange(version, True, f"{_title(version)} was sent back.")


async def runs_behind(session: AsyncSession, version: PlaybookVersion) -> int:
    """How many open runs of the playbook are on another version."""
    query = select(func.count(col(Run.id))).where(
        Run.playbook_key == version.key, Run.playbook_version_id != version.id, col(Run.status).in_(OPEN_RUNS)
    )
    return (await session.exec(query)).one()


async def _locked(session: AsyncSession, version_id: int) -> tuple[PlaybookVersion, PlaybookVersion | None]:
    """The version, and the one in use when that is another. Nobody else decides about the playbook meanwhile."""
    key = select(PlaybookVersion.key).where(PlaybookVersion.id == version_id).scalar_subquery()
    query = select(PlaybookVersion).where(PlaybookVersion.key == key).order_by(col(PlaybookVersion.id))
    locking = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    versions = {version.id: version for version in (await session.exec(locking)).all()}
    if version_id not in versions:
        raise NotFound("That version is not there any more. `/playbook list` shows what there is.")
    in_use = (v for v in versions.values() if v.status is VersionStatus.APPROVED and v.id != version_id)
    return versions[version_id], next(in_use, None)


async def _require_may_decide(session: AsyncSession, version: PlaybookVersion, actor: Actor) -> None:
    """`version` is the one in use: who changes the file does not thereby say who owns it."""
    members = await owners_of(session, owner_named(version))
    require_may_decide(actor, members, version.kind)


def _require_waiting(version: PlaybookVersion) -> None:
    if version.status is VersionStatus.SUPERSEDED:
        raise WrongState(
            f"This change of {_title(version)} is no longer what waits. `/playbook diff {version.key}` shows what does."
        )


def _decide(
    version: PlaybookVersion, status: VersionStatus, actor: Actor, now: datetime, decision: str | None = None
) -> None:
    version.status = status
    version.decided_by_id = actor.member_id
    version.decided_at = now
    version.decision = decision


async def _by(session: AsyncSession, version: PlaybookVersion) -> str:
    member = await session.get(Member, version.decided_by_id) if version.decided_by_id else None
    return f" by {member.name}" if member else ""


def _title(version: PlaybookVersion) -> str:
    return str(version.content.get("title", version.key))
