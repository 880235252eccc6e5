"""What the database says of the files: which version of each is in use, which waits for a decision, what is on.

Files are what authors write. A change in a file takes part in nothing until somebody approves it, so what can be
started is read from here. A database that was never compared with the files says nothing; then the files count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.models import DocumentKind, PlaybookEntry, PlaybookSwitch, PlaybookVersion, VersionStatus
from bot.prepared import Prepared, Statement


class Mark(NamedTuple):
    """How far the decisions about playbooks have come: every one of them writes an entry.

    Numbers alone could be those of entries that were taken back, so the time of the newest is part of it.
    """

    entries: int = 0
    newest: int | None = None
    at: datetime | None = None


class StoredVersion(NamedTuple):
    version_id: int
    kind: DocumentKind
    key: str
    number: int
    digest: str
    status: VersionStatus


@dataclass(frozen=True)
class Standing:
    """By key: the version in use, the draft that waits, the versions sent back; and what is switched on or off."""

    mark: Mark = field(default_factory=Mark)
    approved: Mapping[str, StoredVersion] = field(default_factory=dict)
    drafts: Mapping[str, StoredVersion] = field(default_factory=dict)
    sent_back: Mapping[str, tuple[StoredVersion, ...]] = field(default_factory=dict)
    switches: Mapping[str, bool] = field(default_factory=dict)

    @property
    def governs(self) -> bool:
        """Whether files and database have ever been compared."""
        return self.mark.entries > 0


def _mark() -> Statement:
    return select(
        func.count(col(PlaybookEntry.id)).label("entries"),
        func.max(col(PlaybookEntry.id)).label("newest"),
        func.max(col(PlaybookEntry.at)).label("at"),
    )


_MARK = Prepared(_mark)


async def read_mark(reader: Reader) -> Mark:
    [row] = await _MARK.rows(reader, {})
    return Mark(row.entries, row.newest, row.at)


async def read_standing(reader: Reader, mark: Mark) -> Standing:
    versions = [StoredVersion(*row) for row in await _IN_PLAY.rows(reader, {})]
    switches = {row.key: row.on for row in await _SWITCHES.rows(reader, {})}
    sent_back: dict[str, tuple[StoredVersion, ...]] = {}
    for version in versions:
        if version.status is VersionStatus.REJECTED:
            sent_back[version.key] = (*sent_back.get(version.key, ()), version)
    return Standing(
        mark=mark,
        approved={v.key: v for v in versions if v.status is VersionStatus.APPROVED},
        drafts={v.key: v for v in versions if v.status is VersionStatus.DRAFT},
        sent_back=sent_back,
        switches=switches,
    )


def _in_play() -> Statement:
    names = ("id", "kind", "key", "version", "digest", "status")
    columns = [col(getattr(PlaybookVersion, name)) for name in names]
    return (
        select(*columns)
        .where(col(PlaybookVersion.status) != VersionStatus.SUPERSEDED)
        .order_by(col(PlaybookVersion.version))
    )


_IN_PLAY = Prepared(_in_play)


def _switches() -> Statement:
    return select(col(PlaybookSwitch.key), col(PlaybookSwitch.on))


_SWITCHES = Prepared(_switches)


async def read_contents(reader: Reader, version_ids: list[int]) -> Mapping[int, dict[str, Any]]:
    """What these versions say, by their ids."""
    query = select(col(PlaybookVersion.id), col(PlaybookVersion.content)).where(
        col(PlaybookVersion.id).in_(version_ids)
    )
    return {row.id: row.content for row in (await reader.execute(query)).all()}
