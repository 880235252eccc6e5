"""Contents of playbooks and overlays as the database keeps them: known by a digest, stored once, never changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.library.overlays import Overlay, dump_overlay
from bot.library.resolving import Resolved
from bot.library.schema import Playbook, dump
from bot.models import DocumentKind, PlaybookVariant, PlaybookVersion


@dataclass(frozen=True)
class Document:
    """What a file says now, and the digest by which the database knows a content."""

    kind: DocumentKind
    key: str
    digest: str
    content: dict[str, Any]


def document_of(written: Playbook | Overlay) -> Document:
    if isinstance(written, Overlay):
        kind, content = DocumentKind.OVERLAY, dump_overlay(written)
    else:
        kind, content = DocumentKind.PLAYBOOK, dump(written)
    return Document(kind, written.key, digest_of(content), content)


def digest_of(content: dict[str, Any]) -> str:
    """SHA-256 of a content, hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


async def store_version(session: AsyncSession, playbook: Playbook, now: datetime) -> int:
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


async def store_variant(session: AsyncSession, version_id: int, resolved: Resolved, now: datetime) -> int | None:
    """The id of the row with what overlays made of a version, kept once; None when they changed nothing.

    Two transactions may store the same at the same time.
    """
    if not resolved.changed:
        return None
    content = dump(resolved.playbook)
    digest = digest_of(content)
    same = select(PlaybookVariant.id).where(PlaybookVariant.version_id == version_id, PlaybookVariant.digest == digest)
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
