"""Tokens of the HTTP API: made once, kept as a hash, revoked for good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.errors import InvalidInput, NotFound
from bot.library.nearness import did_you_mean
from bot.models import ApiToken

PREFIX = "playcall_"
HINT = len(PREFIX) + 4  # characters that tell one token from another and help nobody to guess it
USED_EVERY = timedelta(minutes=1)  # so often the time of the last use is written at most


class Scope(StrEnum):
    """What a token may do."""

    SIGNALS_WRITE = "signals:write"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever called with a token that is valid."""

    token_id: int
    name: str
    scopes: frozenset[str]


def hash_of(token: str) -> str:
    """Enough for what is random and long: a slow hash is for what people think up."""
    return sha256(token.encode()).hexdigest()


async def create_token(
    session: AsyncSession, name: str, scopes: Iterable[Scope], now: datetime, *, token: str | None = None
) -> str:
    """Make a token and return it, the only time it can be seen. Raises InvalidInput for a name that is taken."""
    name = name.strip()
    if not name or len(name) > 80:
        raise InvalidInput("A token needs a name of at most 80 characters, such as usage-feed.")
    if (await session.exec(select(ApiToken.id).where(ApiToken.name == name))).first() is not None:
        raise InvalidInput(f"There is a token named {name} already, maybe a revoked one. Choose another name.")
    token = token or PREFIX + token_urlsafe(32)
    granted = sorted({scope.value for scope in scopes} or {scope.value for scope in Scope})
    session.add(ApiToken(name=name, hint=token[:HINT], hash=hash_of(token), scopes=granted, created_at=now))
    await session.flush()
    return token


async def list_tokens(session: AsyncSession) -> Sequence[ApiToken]:
    return (await session.exec(select(ApiToken).order_by(col(ApiToken.name)))).all()


async def revoke_token(session: AsyncSession, name: str, now: datetime) -> bool:
    """Revoke for good. False: it was revoked before. Raises NotFound when there is none of that name."""
    token = (await session.exec(select(ApiToken).where(ApiToken.name == name))).one_or_none()
    if token is None:
        names = [one.name for one in await list_tokens(session)]
        raise NotFound(f"There is no token {name}. {did_you_mean(name, names)}".strip())
    if token.revoked_at is not None:
        return False
    token.revoked_at = now
    return True


async def find_holder(database: Database, token: str, now: datetime) -> Holder | None:
    """Who holds a token that is not revoked; None for any other.

    It is looked up by its hash, so how long that takes tells nothing of how near a guess is.
    """
    async with database.glance() as reader:
        query = select(col(ApiToken.id), col(ApiToken.name), col(ApiToken.scopes), col(ApiToken.last_used_at)).where(
            ApiToken.hash == hash_of(token), col(ApiToken.revoked_at).is_(None)
        )
        row = (await reader.execute(query)).one_or_none()
    if row is None:
        return None
    if row.last_used_at is None or row.last_used_at <= now - USED_EVERY:
        await _note_use(database, row.id, now)
    return Holder(row.id, row.name, frozenset(row.scopes))


async def _note_use(database: Database, token_id: int, now: datetime) -> None:
    last = col(ApiToken.last_used_at)
    due = or_(last.is_(None), last <= now - USED_EVERY)
    async with database.transaction() as session:
        statement = update(ApiToken).where(col(ApiToken.id) == token_id, due).values(last_used_at=now)
        await session.exec(statement, execution_options={"synchronize_session": False})
