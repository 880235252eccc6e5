"""The library: what of the files is in use, and the versions that runs are pinned to."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.errors import NotFound, WrongState
from bot.library.files import Files
from bot.library.loading import Catalog
from bot.library.overlay_loading import Overlays, try_on
from bot.library.overlays import Overlay
from bot.library.resolving import Resolved, choose, combine, is_high_touch
from bot.library.schema import Playbook
from bot.library.standing import Standing, read_contents, read_mark, read_standing
from bot.models import DocumentKind, PlaybookVariant, PlaybookVersion
from bot.settings import ROOT

log = structlog.get_logger(__name__)


class Library(Files):
    """Keeps the loaded files, what the database says of them, and contents of versions, which never change.

    The files (`catalog`) are what authors write; `current` is what can be started: of each file the version that was
    approved, when it is switched on. A library that was never refreshed from a database in which the files were
    compared takes the files themselves as approved; that is so on the command line, in rehearsals and in many tests.
    """

    def __init__(self, directory: Path, templates_directory: Path = ROOT / "templates") -> None:
        super().__init__(directory, templates_directory)
        self.standing = Standing()
        self._tried: dict[tuple[int, int], tuple[Overlay, Playbook, bool]] = {}
        self._shaped: dict[tuple[int, ...], tuple[Playbook, list[Overlay], Resolved]] = {}
        self._versions: dict[str, Playbook] = {}  # by digest: a content is the same whatever row holds it
        self._overlays: dict[str, Overlay] = {}  # by digest, too
        self._current: tuple[Catalog, Standing, Mapping[str, Playbook]] | None = None
        self._in_use: tuple[Overlays, Standing, Sequence[Overlay]] | None = None

    def load(self) -> Catalog:
        catalog = super().load()
        self._tried.clear()
        self._shaped.clear()
        return catalog

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

    def approved_overlay(self, key: str) -> Overlay | None:
        """The version of an overlay that is in use; None while there is none."""
        if not self.standing.governs:
            return self.overlay_files.named(key)
        version = self.standing.approved.get(key)
        return self._overlays.get(version.digest) if version else None

    def owner(self, key: str) -> str | None:
        """Who decides about a playbook or an overlay: its version in use says so, a new one names its own.

        So nobody makes themselves the owner by changing the file. None: the leaders.
        """
        if overlay := self.approved_overlay(key) or self.overlay_files.named(key):
            return overlay.owner
        playbook = self.approved(key) or self.catalog.playbooks.get(key)
        return playbook.owners.journey if playbook else None

    def is_on(self, key: str) -> bool:
        """What a leader chose, else what the approved version says of itself."""
        playbook = self.approved(key)
        return self.standing.switches.get(key, not (playbook and playbook.opt_in))

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
        return f"is new and waits for the approval of {owner_words(self.owner(key))}"

    def _known_keys(self) -> list[str]:
        """The keys that have a file, in the order of the files; those whose file is broken come last."""
        broken = [key for key in self.standing.approved if key not in self.catalog.playbooks and self.has_file(key)]
        return [*self.catalog.playbooks, *broken]

    def rehearsing(self, playbook: Playbook) -> "Library":
        """A library in which this playbook, approved or not, can be started, and no other; all else is as it is here.

        What is learned and kept in it stays there.
        """
        other = copy(self)
        other.catalog = Catalog({playbook.key: playbook}, groups=self.catalog.groups)
        other.overlay_files = Overlays(tuple(self.overlays()))  # those in use: there, nothing governs but files
        other.standing = Standing()
        other._tried, other._shaped, other._versions, other._overlays = {}, {}, {}, {}
        other._documents, other._current, other._in_use = None, None, None
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
        """Read those approved versions that differ from their files: the others are known from there."""
        for key, document in self.documents.items():
            if overlay := self.overlay_files.named(key):
                self._overlays[document.digest] = overlay
            else:
                self._versions[document.digest] = self.catalog.playbooks[key]
        known = {*self._versions, *self._overlays}
        missing = {v.version_id: v for v in standing.approved.values() if v.digest not in known}
        if not missing:
            return
        for version_id, content in (await read_contents(reader, list(missing))).items():
            version = missing[version_id]
            try:
                if version.kind is DocumentKind.OVERLAY:
                    self._overlays[version.digest] = Overlay.model_validate(content)
                else:
                    self._versions[version.digest] = Playbook.model_validate(content)
            except ValidationError:  # written for an older language; its file was mended, which waits for approval
                log.warning("approved_version_not_understood", key=version.key, version=version.number)

    # --- overlays -----------------------------------------------------------------------------------------------------

    def overlays(self) -> Sequence[Overlay]:
        """The overlays in use now, whatever playbooks they are about: approved, and their file is there.

        The file of one may be broken: then it goes on as it was approved.
        """
        if not self.standing.governs:
            return self.overlay_files.usable
        kept = self._in_use
        if kept is None or kept[0] is not self.overlay_files or kept[1] is not self.standing:
            there = [key for key in sorted(self.standing.approved) if self.has_file(key)]
            found = tuple(overlay for key in there if (overlay := self.approved_overlay(key)))
            self._in_use = kept = (self.overlay_files, self.standing, found)
        return kept[2]

    def resolve(self, playbook: Playbook, facts: Mapping[str, Any]) -> Resolved:
        """The playbook as the overlays shape it for the account that `facts` (`overlay_facts`) are about.

        The same overlays make the same of a playbook, so that is worked out once.
        """
        usable = [overlay for overlay in self.overlays() if self._goes_with(overlay, playbook)]
        chosen, refused = choose(playbook, usable, facts)
        high_touch = is_high_touch(facts)
        known = (high_touch, id(playbook), *map(id, chosen))  # what is kept below keeps its id to itself
        if known not in self._shaped:
            self._shaped[known] = playbook, chosen, combine(playbook, chosen, high_touch=high_touch)
        resolved = self._shaped[known][2]
        return replace(resolved, refused=(*refused, *resolved.refused)) if refused else resolved

    def _goes_with(self, overlay: Overlay, playbook: Playbook) -> bool:
        """Whether the one can be laid on the other. Both may be approved versions that were never on file together."""
        if not overlay.covers(playbook):
            return False
        known = (id(overlay), id(playbook))
        if known not in self._tried:
            self._tried[known] = overlay, playbook, not try_on(overlay, playbook, self.emails)
        return self._tried[known][2]

    # --- what runs are pinned to --------------------------------------------------------------------------------------

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


def owner_words(owner: str | None) -> str:
    """`a leader`, `somebody in the role ae`, `dana@example.com`."""
    if owner is None or owner == "leader":
        return "a leader"
    return owner if "@" in owner else f"somebody in the role {owner.replace('_', ' ')}"
