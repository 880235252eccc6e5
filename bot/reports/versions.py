"""Read models of the versions of playbooks and overlays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.errors import NotFound
from bot.library.changes import Change, compare
from bot.library.overlay_changes import compare_overlays
from bot.models import OPEN_RUNS, DocumentKind, Member, PlaybookEntry, PlaybookVersion, Run, VersionStatus
from bot.slack.step_card import role_words
from bot.slack.version_views import HistoryEntry, HistoryVersion, VersionCard

ENTRIES = 31  # one more than is shown
WAITING_FIRST = (VersionStatus.DRAFT, VersionStatus.REJECTED, VersionStatus.APPROVED)


async def load_version_card(session: AsyncSession, version_id: int, former_id: int | None = None) -> VersionCard | None:
    """The version compared with `former_id`, else with what was in use before it. None: it is not there."""
    version = await session.get(PlaybookVersion, version_id)
    if version is None:
        return None
    former = await session.get(PlaybookVersion, former_id) if former_id else await _former(session, version)
    on_others, running = await _runs(session, version)
    return VersionCard(
        version_id=version.id,
        key=version.key,
        title=str(version.content.get("title", version.key)),
        number=version.version,
        status=version.status,
        is_new=former is None,
        kind=version.kind,
        summary=" ".join(str(version.content.get("summary", "")).split()),
        changes=tuple(_changes(version, former)),
        outline=tuple(_outline(version.content)) if former is None else (),
        decided_by=await _name(session, version.decided_by_id),
        decided_on=version.decided_at.date() if version.decided_at else None,
        decision=version.decision,
        behind=on_others,
        running=running,
    )


def _changes(version: PlaybookVersion, former: PlaybookVersion | None) -> list[Change]:
    compared = compare_overlays if version.kind is DocumentKind.OVERLAY else compare
    return compared(former.content if former else None, version.content)


async def require_version_card(session: AsyncSession, version_id: int) -> VersionCard:
    """Raises NotFound when there is no such version."""
    card = await load_version_card(session, version_id)
    if card is None:
        raise NotFound("That version is not there any more. `/playbook list` shows what there is.")
    return card


async def load_latest_change(session: AsyncSession, key: str) -> VersionCard:
    """What waits for a decision; else what was sent back after that; else the last change that was approved."""
    query = select(PlaybookVersion).where(PlaybookVersion.key == key)
    newest: dict[VersionStatus, PlaybookVersion] = {}
    for version in (await session.exec(query.order_by(col(PlaybookVersion.version)))).all():
        newest[version.status] = version
    in_use, sent_back = newest.get(VersionStatus.APPROVED), newest.get(VersionStatus.REJECTED)
    if in_use and sent_back and sent_back.version < in_use.version:
        del newest[VersionStatus.REJECTED]
    found = next((newest[status] for status in WAITING_FIRST if status in newest), None)
    card = await load_version_card(session, found.id) if found else None
    if card is None:
        raise NotFound(f"No version of `{key}` has been stored yet. It is compared when Playcall next reads the files.")
    return card


async def load_history(
    session: AsyncSession, key: str, reader: Actor
) -> tuple[list[HistoryVersion], list[HistoryEntry]]:
    """Versions and entries of a playbook, newest first; entries as many as are worth showing."""
    of_versions = (
        select(PlaybookVersion, Member.name)
        .join(Member, col(Member.id) == PlaybookVersion.decided_by_id, isouter=True)
        .where(PlaybookVersion.key == key)
        .order_by(col(PlaybookVersion.version).desc())
    )
    versions = [
        HistoryVersion(v.version, v.status, name, v.decided_at.date() if v.decided_at else None, v.decision)
        for v, name in (await session.exec(of_versions)).all()
    ]
    of_entries = (
        select(PlaybookEntry, Member.name)
        .join(Member, col(Member.id) == PlaybookEntry.actor_id, isouter=True)
        .where(PlaybookEntry.key == key)
        .order_by(col(PlaybookEntry.at).desc(), col(PlaybookEntry.id).desc())
        .limit(ENTRIES)
    )
    entries = [
        HistoryEntry(_local(entry.at, reader), name or "Playcall", entry.summary)
        for entry, name in (await session.exec(of_entries)).all()
    ]
    return versions, entries


async def _former(session: AsyncSession, version: PlaybookVersion) -> PlaybookVersion | None:
    """What a version replaces or replaced: the one in use; for the one in use itself, the last one approved before."""
    query = select(PlaybookVersion).where(PlaybookVersion.key == version.key, PlaybookVersion.id != version.id)
    if version.status is not VersionStatus.APPROVED:
        return (await session.exec(query.where(PlaybookVersion.status == VersionStatus.APPROVED))).first()
    approved_before = query.where(
        PlaybookVersion.status == VersionStatus.SUPERSEDED, col(PlaybookVersion.decision).is_(None)
    )
    return (await session.exec(approved_before.order_by(col(PlaybookVersion.version).desc()))).first()


async def _runs(session: AsyncSession, version: PlaybookVersion) -> tuple[int, int]:
    """How many open runs are on other versions, and how many there are."""
    query = (
        select(Run.playbook_version_id, func.count(col(Run.id)))
        .where(Run.playbook_key == version.key, col(Run.status).in_(OPEN_RUNS))
        .group_by(col(Run.playbook_version_id))
    )
    counts: dict[int, int] = dict((await session.exec(query)).all())
    return sum(number for version_id, number in counts.items() if version_id != version.id), sum(counts.values())


def _outline(content: Mapping[str, Any]) -> Sequence[str]:
    steps: list[Mapping[str, Any]] = content.get("steps", [])
    return [
        f"{number}.  {step.get('title', step.get('key'))}  ·  {role_words(step.get('role', 'csm'))}, "
        f"due {step.get('due', 'as before')}"
        for number, step in enumerate(steps, 1)
    ]


async def _name(session: AsyncSession, member_id: int | None) -> str | None:
    member = await session.get(Member, member_id) if member_id else None
    return member.name if member else None


def _local(at: datetime, reader: Actor) -> datetime:
    return at.astimezone(ZoneInfo(reader.timezone))
