"""Comparing the files with the versions that are stored: what changed becomes a draft, which waits for its owner.

The first comparison approves everything there is, so that nobody waits on the first day; from then on a file that is
new or has changed is a draft. A newer change takes the place of an older draft, and a file that says again what is
approved, or that was deleted, withdraws it. Doing it twice changes nothing, whichever process does it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.engine.governance.entries import record_decision
from bot.engine.governance.telling import ask_owners, redraw_draft
from bot.library.contents import Document
from bot.library.library import Library
from bot.library.standing import StoredVersion, read_mark
from bot.models import PlaybookVersion, VersionStatus
from bot.models.columns import constant

WITHDRAWN = "the file says again what is approved"
DELETED = "the file was deleted"
OVERTAKEN = "a newer change came"


@dataclass(frozen=True)
class Add:
    """A content that was never stored."""

    document: Document
    status: VersionStatus


@dataclass(frozen=True)
class Revive:
    """A content that was in use or waited before, and is what its file says again."""

    version: StoredVersion
    status: VersionStatus


@dataclass(frozen=True)
class Withdraw:
    """A draft that nobody needs to decide on any more."""

    version: StoredVersion
    why: str


Change = Add | Revive | Withdraw


def decide_sync(documents: Mapping[str, Document], stored: Iterable[StoredVersion], *, first: bool) -> list[Change]:
    """What has to change so that the database knows what the files say. Pure; an empty list when it does.

    `first`: nothing was ever decided about, so that what is on file is approved.
    """
    by_key: dict[str, list[StoredVersion]] = {}
    for version in stored:
        by_key.setdefault(version.key, []).append(version)
    changes: list[Change] = []
    for key in sorted({*documents, *by_key}):
        changes += _decide(documents.get(key), by_key.get(key, []), VersionStatus.APPROVED if first else None)
    return changes


def _decide(
    document: Document | None, versions: list[StoredVersion], at_once: VersionStatus | None
) -> Iterator[Change]:
    same = next((v for v in versions if document and v.digest == document.digest), None)
    drafts = [v for v in versions if v.status is VersionStatus.DRAFT and v is not same]
    if document is None:
        yield from (Withdraw(version, DELETED) for version in drafts)
        return
    in_use = same is not None and same.status is VersionStatus.APPROVED
    yield from (Withdraw(version, WITHDRAWN if in_use else OVERTAKEN) for version in drafts)
    if same is None:
        yield Add(document, at_once or VersionStatus.DRAFT)
    elif at_once or same.status is VersionStatus.SUPERSEDED:
        yield Revive(same, at_once or VersionStatus.DRAFT)


async def sync_versions(session: AsyncSession, library: Library, now: datetime) -> int:
    """Make the database know what the files say, and ask the owners of drafts. Returns how much changed.

    It looks at the loaded files, which the caller reloads. A file that is broken just now is left as it was.
    """
    stored = await _stored(session)
    first = not (await read_mark(await session.connection())).entries
    left_alone = {v.key for v in stored if v.key not in library.documents and library.mistake_in(v.key)}
    changes = decide_sync(
        library.documents, [version for version in stored if version.key not in left_alone], first=first
    )
    if first:
        await _retire_what_came_before(session)
    made = [change for change in changes if await _carry_out(session, library, change, now)]
    if first and not changes:  # an empty box is compared, too: what comes into it later waits for a decision
        record_decision(session, "", "compared the files for the first time", now)
    await session.flush()
    return len(made)


async def _stored(session: AsyncSession) -> list[StoredVersion]:
    table = PlaybookVersion
    query = select(table.id, table.kind, table.key, table.version, table.digest, table.status)  # type: ignore[call-overload]  # SQLModel names at most four columns
    return [StoredVersion(*row) for row in (await session.exec(query.order_by(col(table.version)))).all()]


async def _retire_what_came_before(session: AsyncSession) -> None:
    """Versions from before anything was decided about: what is on file now takes their place."""
    await session.exec(update(PlaybookVersion).values(status=VersionStatus.SUPERSEDED))


async def _carry_out(session: AsyncSession, library: Library, change: Change, now: datetime) -> bool:
    match change:
        case Add(document, status):
            version_id = await _insert(session, document, status, now)
            if version_id is None:
                return False
            await _announce(session, library, document, version_id, status, now)
        case Revive(version, status):
            if not await _turn(session, version, status, None, None):
                return False
            document = library.documents[version.key]
            await _announce(session, library, document, version.version_id, status, now)
        case Withdraw(version, why):
            if not await _turn(session, version, VersionStatus.SUPERSEDED, now, why):
                return False
            summary = f"version {version.number} is no longer waiting: {why}"
            record_decision(session, version.key, summary, now, version_id=version.version_id)
            await redraw_draft(session, version.version_id, now)
    return True


async def _insert(session: AsyncSession, document: Document, status: VersionStatus, now: datetime) -> int | None:
    """The new row's id; None when another process was faster."""
    newest = select(func.coalesce(func.max(PlaybookVersion.version), 0) + 1).where(PlaybookVersion.key == document.key)
    statement = (
        insert_or(session, PlaybookVersion)
        .values(
            kind=document.kind,
            key=document.key,
            version=newest.scalar_subquery(),
            digest=document.digest,
            content=document.content,
            status=status,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(PlaybookVersion.id))
    )
    return (await (await session.connection()).execute(statement)).scalar_one_or_none()


async def _turn(
    session: AsyncSession, version: StoredVersion, status: VersionStatus, at: datetime | None, decision: str | None
) -> bool:
    """Give a version another status, unless somebody else has meanwhile."""
    still = col(PlaybookVersion.status) != constant(VersionStatus.APPROVED)
    statement = (
        update(PlaybookVersion)
        .where(col(PlaybookVersion.id) == version.version_id, still, col(PlaybookVersion.status) != status)
        .values(status=status, decided_at=at, decided_by_id=None, decision=decision)
        .execution_options(synchronize_session=False)
    )
    return bool((await session.exec(statement)).rowcount)


async def _announce(
    session: AsyncSession,
    library: Library,
    document: Document,
    version_id: int,
    status: VersionStatus,
    now: datetime,
) -> None:
    if status is VersionStatus.APPROVED:
        record_decision(session, document.key, "approved with the rest of the box", now, version_id=version_id)
        return
    record_decision(session, document.key, "changed the file; it waits for approval", now, version_id=version_id)
    await ask_owners(session, library, document, version_id, now)
