"""The library: the playbooks that can be started now, and the versions that runs are pinned to."""

import hashlib
import json
from datetime import datetime
from pathlib import Path

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import NotFound
from bot.library.escalation import EscalationPolicy, load_escalation_policy
from bot.library.health_config import HealthConfig, load_health_config
from bot.library.loading import Catalog, load_catalog
from bot.library.rendering import EmailTemplates
from bot.library.schema import Playbook, dump
from bot.models import PlaybookVersion
from bot.settings import ROOT


class Library:
    """Keeps the loaded files, and the content of versions, which never change once stored."""

    def __init__(self, directory: Path, templates_directory: Path = ROOT / "templates") -> None:
        self.directory = directory
        self.emails = EmailTemplates(templates_directory)
        self.catalog = Catalog()
        self.escalation_policy = EscalationPolicy()
        self.health_config = HealthConfig()
        self._versions: dict[str, Playbook] = {}  # by digest: a content is the same whatever row holds it

    def load(self) -> Catalog:
        """Read the files anew, playbooks and emails."""
        self.emails = EmailTemplates(self.emails.directory)
        self.catalog = load_catalog(self.directory, self.emails)
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

    async def store_version(self, session: AsyncSession, playbook: Playbook, now: datetime) -> int:
        """The id of the version row with this content, inserted when the content was never stored before."""
        content = dump(playbook)
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
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

    async def version(self, session: AsyncSession, version_id: int, digest: str) -> Playbook:
        """The playbook as it was when the version, whose content has this digest, was stored."""
        if digest not in self._versions:
            row = await session.get_one(PlaybookVersion, version_id)
            self._versions[digest] = Playbook.model_validate(row.content)
        return self._versions[digest]
