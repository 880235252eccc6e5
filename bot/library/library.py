"""The library: the playbooks that can be started now, and the versions that runs are pinned to."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.errors import NotFound
from bot.library.escalation import EscalationPolicy, load_escalation_policy
from bot.library.health_config import HealthConfig, load_health_config
from bot.library.loading import Catalog, load_catalog
from bot.library.overlay_loading import Overlays, load_overlays
from bot.library.overlays import Overlay
from bot.library.rendering import EmailTemplates
from bot.library.resolving import Resolved, choose, combine, is_high_touch
from bot.library.schema import Playbook, dump
from bot.models import PlaybookVariant, PlaybookVersion
from bot.settings import ROOT


class Library:
    """Keeps the loaded files, and the content of versions, which never change once stored."""

    def __init__(self, directory: Path, templates_directory: Path = ROOT / "templates") -> None:
        self.directory = directory
        self.emails = EmailTemplates(templates_directory)
        self.catalog = Catalog()
        self.escalation_policy = EscalationPolicy()
        self.health_config = HealthConfig()
        self.overlay_files = Overlays()
        self._shaped: dict[tuple[int, ...], tuple[Playbook, list[Overlay], Resolved]] = {}
        self._versions: dict[str, Playbook] = {}  # by digest: a content is the same whatever row holds it

    def load(self) -> Catalog:
        """Read the files anew: playbooks, overlays and emails."""
        self.emails = EmailTemplates(self.emails.directory)
        catalog = load_catalog(self.directory, self.emails)
        self.overlay_files = load_overlays(self.directory, catalog, self.emails)
        self.catalog = replace(catalog, problems=(*catalog.problems, *self.overlay_files.problems))
        self._shaped.clear()
        self.escalation_policy = load_escalation_policy(self.directory)
        self.health_config = load_health_config(self.directory)
        return self.catalog

    def playbook(self, key: str) -> Playbook:
        """The playbook with this key as it is now. Raises NotFound with a sentence for the person who asked."""
        if playbook := self.catalog.playbooks.get(key):
            return playbook
        broken = next((p for p in self.catalog.problems if Path(p.file).stem == key), None)
        if broken:
            raise NotFound(f"The playbook `{key}` has a mistake and cannot be started: {broken}")
        raise NotFound(f"There is no playbook `{key}`. `/playbook list` shows them all.")

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
        content = dump(playbook)
        digest = _digest(content)
        same = select(PlaybookVersion.id).where(PlaybookVersion.key == playbook.key, PlaybookVersion.digest == digest)
        found = (await session.exec(same)).one_or_none()
        if found is not None:
            return found
        newest = select(func.max(PlaybookVersion.version)).where(PlaybookVersion.key == playbook.key)
        number = ((await session.exec(newest)).one() or 0) + 1
        row = PlaybookVersion(key=playbook.key, version=number, digest=digest, content=content, created_at=now)
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
        digest = _digest(content)
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


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
