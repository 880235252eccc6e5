"""The library: the playbooks that can be started now, and the versions that runs are pinned to."""

import hashlib
import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader, insert_or
from bot.errors import NotFound, WrongState
from bot.library.advocacy import AdvocacyPolicy, load_advocacy_policy
from bot.library.documents import Documents
from bot.library.escalation import EscalationPolicy, load_escalation_policy
from bot.library.health_config import HealthConfig, load_health_config
from bot.library.journey_files import load_journeys, table_problems, without_unknown_stages
from bot.library.journeys import Journey
from bot.library.loading import Catalog, load_catalog, read_one, with_last_good
from bot.library.overlay_loading import Overlays, load_overlays
from bot.library.overlays import Overlay
from bot.library.rendering import EmailTemplates
from bot.library.resolving import Resolved, choose, combine, is_high_touch
from bot.library.schema import Playbook, dump
from bot.library.segments import Segments, load_segments
from bot.library.stages import Stages, load_stages
from bot.library.standing import Standing, read_contents, read_mark, read_standing
from bot.library.watching import TreeStamp, stamp_of
from bot.models import DocumentKind, PlaybookVariant, PlaybookVersion
from bot.settings import ROOT

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Document:
    """What a file says now, and the digest by which the database knows a content."""

    kind: DocumentKind
    key: str
    digest: str
    content: dict[str, Any]


class Library:
    """Keeps the loaded files, what the database says of them, and contents of versions, which never change.

    The files (`catalog`) are what authors write; `current` is what can be started: of each file the version that was
    approved, when it is switched on. A library that was never refreshed from a database in which the files were
    compared takes the files themselves as approved; that is so on the command line, in rehearsals and in many tests.
    """

    def __init__(self, directory: Path, templates_directory: Path = ROOT / "templates") -> None:
        self.directory = directory
        self.emails = EmailTemplates(templates_directory)
        self.catalog = Catalog()
        self.escalation_policy = EscalationPolicy()
        self.health_config = HealthConfig()
        self.stages = Stages()
        self.segments = Segments()
        self.journeys: Mapping[str, Journey] = {}
        self.advocacy_policy = AdvocacyPolicy()
        self.overlay_files = Overlays()
        self._read_files = Documents()
        self._stamp: TreeStamp | None = None
        self._loading = Lock()  # a process may look for changes from more than one of its parts
        self._shaped: dict[tuple[int, ...], tuple[Playbook, list[Overlay], Resolved]] = {}
        self.standing = Standing()
        self._versions: dict[str, Playbook] = {}  # by digest: a content is the same whatever row holds it
        self._documents: tuple[Catalog, Mapping[str, Document]] | None = None
        self._current: tuple[Catalog, Standing, Mapping[str, Playbook]] | None = None

    def load(self) -> Catalog:
        """Read the files anew: playbooks, overlays, journeys, emails and the names in them, each only when it changed.

        A playbook whose file was in order before, and is not now, stays as it was, and its mistake is reported. Raises
        ConfigurationError for a mistake in another file; what was read of that one before stays in use.
        """
        self._stamp = stamp_of(self.directory, self.emails.directory)
        self.stages, self.segments = load_stages(self.directory), load_segments(self.directory)
        self.emails = EmailTemplates(self.emails.directory, tuple(self.segments.titles))
        loaded = with_last_good(load_catalog(self.directory, self.emails, self._read_files), self.catalog)
        catalog = without_unknown_stages(loaded, self.stages)
        self.overlay_files = load_overlays(self.directory, catalog, self.emails)
        found = load_journeys(self.directory, self.stages, catalog.playbooks)
        self.journeys = found.journeys
        table = table_problems(self.directory, self.segments, self.journeys)
        problems = (*catalog.problems, *self.overlay_files.problems, *found.problems, *table)
        self.catalog = replace(catalog, problems=problems)
        self._shaped.clear()
        self.escalation_policy = load_escalation_policy(self.directory)
        self.health_config = load_health_config(self.directory, tuple(self.segments.titles))
        self.advocacy_policy = load_advocacy_policy(self.directory)
        return self.catalog

    def reload_if_changed(self) -> bool:
        """Load again when a file was changed, added or deleted since; whether that was so.

        Looking costs one stat for each file, so it may be done every few seconds; it blocks, so do it in a thread.
        Raises what `load` raises, once for each change.
        """
        with self._loading:
            if stamp_of(self.directory, self.emails.directory) == self._stamp:
                return False
            self.load()
            return True

    @property
    def documents(self) -> Mapping[str, Document]:
        """What the files say now, by key. Broken files are not among them."""
        if self._documents is None or self._documents[0] is not self.catalog:
            found = {key: document_of(playbook) for key, playbook in self.catalog.playbooks.items()}
            for key, document in found.items():
                self._versions[document.digest] = self.catalog.playbooks[key]
            self._documents = (self.catalog, found)
        return self._documents[1]

    # --- what can be started ------------------------------------------------------------------------------------------

    @property
    def current(self) -> Mapping[str, Playbook]:
        """The playbooks that can be started: approved, switched on, and their file is there (it may be broken now)."""
        if not self.standing.governs:
            return self.catalog.playbooks
        kept = self._current
        if kept is None or kept[0] is not self.catalog or kept[1] is not self.standing:
            approved = {key: playbook for key in self._known_keys() if (playbook := self.approved(key))}
            on = {key: playbook for key, playbook in approved.items() if self.is_on(key)}
            self._current = kept = (self.catalog, self.standing, on)
        return kept[2]

    def approved(self, key: str) -> Playbook | None:
        """The version in use, whether or not it is switched on; None while there is none."""
        if not self.standing.governs:
            return self.catalog.playbooks.get(key)
        version = self.standing.approved.get(key)
        return self._versions.get(version.digest) if version else None

    def is_on(self, key: str) -> bool:
        """What a leader chose, else what the approved version says of itself."""
        playbook = self.approved(key)
        return self.standing.switches.get(key, not (playbook and playbook.opt_in))

    def has_file(self, key: str) -> bool:
        return key in self.catalog.playbooks or self.mistake_in(key) is not None

    def mistake_in(self, key: str) -> str | None:
        """What is wrong with the file of this name, if anything is."""
        return next((str(p) for p in self.catalog.problems if Path(p.left_out).stem == key), None)

    def playbook(self, key: str) -> Playbook:
        """The playbook with this key as it can be started now.

        Raises NotFound or WrongState with a sentence for the person who asked.
        """
        if playbook := self.current.get(key):
            return playbook
        if (mistake := self.mistake_in(key)) and not self.approved(key):
            raise NotFound(f"The playbook `{key}` has a mistake and cannot be started: {mistake}")
        if not self.has_file(key):
            raise self._without_file(key)
        if not self.approved(key):
            raise WrongState(f"The playbook `{key}` {self._waits(key)}. `/playbook diff {key}` shows it.")
        raise WrongState(f"The playbook `{key}` is switched off. A leader turns it on with `/playbook on {key}`.")

    def _without_file(self, key: str) -> NotFound:
        if key in self.standing.approved:
            return NotFound(
                f"The file of the playbook `{key}` has been deleted, so it cannot be started any more. "
                "Its open runs go on. `/playbook list` shows what there is."
            )
        return NotFound(f"There is no playbook `{key}`. `/playbook list` shows them all.")

    def _waits(self, key: str) -> str:
        if key in self.standing.sent_back and key not in self.standing.drafts:
            return "was sent back and waits for its author"
        owner = self.catalog.playbooks[key].owners.journey if key in self.catalog.playbooks else None
        return f"is new and waits for the approval of {owner_words(owner)}"

    def _known_keys(self) -> list[str]:
        """The keys that have a file, in the order of the files; those whose file is broken come last."""
        broken = [key for key in self.standing.approved if key not in self.catalog.playbooks and self.has_file(key)]
        return [*self.catalog.playbooks, *broken]

    def read_playbook(self, path: Path) -> Playbook:
        """The playbook in a file that need not be among the library's. Raises NotFound or InvalidInput."""
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
        return read_one(path, self.catalog.groups, self.emails)

    def rehearsing(self, playbook: Playbook) -> "Library":
        """A library in which this playbook, approved or not, can be started, and no other; all else is as it is here.

        What is learned and kept in it stays there.
        """
        other = copy(self)
        other.catalog = Catalog({playbook.key: playbook}, groups=self.catalog.groups)
        other.standing = Standing()
        other._shaped, other._versions, other._documents, other._current = {}, {}, None, None
        return other

    # --- what the database says ---------------------------------------------------------------------------------------

    async def refresh(self, reader: Reader) -> None:
        """Take over what was decided since the last look, by whatever process. One statement when nothing was."""
        mark = await read_mark(reader)
        if mark == self.standing.mark:
            return
        standing = await read_standing(reader, mark)
        await self._learn_contents(reader, standing)
        self.standing = standing

    async def _learn_contents(self, reader: Reader, standing: Standing) -> None:
        """Read those approved playbooks that differ from their files: the others are known from there."""
        on_file = {document.digest for document in self.documents.values()}
        missing = {
            version.version_id: version
            for version in standing.approved.values()
            if version.kind is DocumentKind.PLAYBOOK and version.digest not in {*self._versions, *on_file}
        }
        if not missing:
            return
        for version_id, content in (await read_contents(reader, list(missing))).items():
            version = missing[version_id]
            try:
                self._versions[version.digest] = Playbook.model_validate(content)
            except ValidationError:  # written for an older language; its file was mended, which waits for approval
                log.warning("approved_version_not_understood", key=version.key, version=version.number)

    def overlays(self) -> list[Overlay]:
        """The overlays in use now, whatever playbooks they are about."""
        return list(self.overlay_files.usable)

    def resolve(self, playbook: Playbook, facts: Mapping[str, Any]) -> Resolved:
        """The playbook as the overlays shape it for the account that `facts` (`overlay_facts`) are about.

        The same overlays make the same of a playbook, so that is worked out once.
        """
        usable = [o for o in self.overlays() if (o.key, playbook.key) not in self.overlay_files.refused]
        chosen, refused = choose(playbook, usable, facts)
        high_touch = is_high_touch(facts)
        known = (high_touch, id(playbook), *map(id, chosen))  # what is kept below keeps its id to itself
        if known not in self._shaped:
            self._shaped[known] = playbook, chosen, combine(playbook, chosen, high_touch=high_touch)
        resolved = self._shaped[known][2]
        return replace(resolved, refused=(*refused, *resolved.refused)) if refused else resolved

    async def store_version(self, session: AsyncSession, playbook: Playbook, now: datetime) -> int:
        """The id of the version row with this content, inserted when the content was never stored before."""
        document = document_of(playbook)
        same = select(PlaybookVersion.id).where(
            PlaybookVersion.key == playbook.key, PlaybookVersion.digest == document.digest
        )
        found = (await session.exec(same)).one_or_none()
        if found is not None:
            return found
        newest = select(func.max(PlaybookVersion.version)).where(PlaybookVersion.key == playbook.key)
        number = ((await session.exec(newest)).one() or 0) + 1
        row = PlaybookVersion(
            key=playbook.key, version=number, digest=document.digest, content=document.content, created_at=now
        )
        session.add(row)
        await session.flush()
        return row.id

    async def store_variant(
        self, session: AsyncSession, version_id: int, resolved: Resolved, now: datetime
    ) -> int | None:
        """The id of the row with what overlays made of a version, kept once; None when they changed nothing.

        Two transactions may store the same at the same time.
        """
        if not resolved.changed:
            return None
        content = dump(resolved.playbook)
        digest = digest_of(content)
        same = select(PlaybookVariant.id).where(
            PlaybookVariant.version_id == version_id, PlaybookVariant.digest == digest
        )
        found = (await session.exec(same)).one_or_none()
        if found is not None:
            return found
        row = {
            "version_id": version_id,
            "digest": digest,
            "content": content,
            "overlays": [overlay.key for overlay in resolved.applied],
            "created_at": now,
        }
        insert = insert_or(session, PlaybookVariant).values(row)
        await session.exec(insert.on_conflict_do_nothing(index_elements=["version_id", "digest"]))
        return (await session.exec(same)).one()

    async def version(
        self, session: AsyncSession, version_id: int, digest: str, variant_id: int | None = None
    ) -> Playbook:
        """The playbook as it was when the version, or the variant of it, whose content has this digest, was stored."""
        if digest not in self._versions:
            row = await (
                session.get_one(PlaybookVersion, version_id)
                if variant_id is None
                else session.get_one(PlaybookVariant, variant_id)
            )
            self._versions[digest] = Playbook.model_validate(row.content)
        return self._versions[digest]

    def known_version(self, digest: str) -> Playbook | None:
        """The same without a look into the database; None when this process has not needed the version yet."""
        return self._versions.get(digest)


def document_of(playbook: Playbook) -> Document:
    content = dump(playbook)
    return Document(DocumentKind.PLAYBOOK, playbook.key, digest_of(content), content)


def digest_of(content: dict[str, Any]) -> str:
    """SHA-256 of a content, hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def owner_words(owner: str | None) -> str:
    """`a leader`, `somebody in the role ae`, `dana@example.com`."""
    if owner is None or owner == "leader":
        return "a leader"
    return owner if "@" in owner else f"somebody in the role {owner.replace('_', ' ')}"
