"""Bringing a database to the schema this code expects, and asking how far it is."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.db import Database, explained_errors
from bot.settings import ROOT


def alembic_config(connection: Connection) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    command.upgrade(alembic_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    command.downgrade(alembic_config(connection), revision)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def is_enough(revision: str | None) -> bool:
    """Whether this code can work on a schema: the one it was written for, or a newer one, which it does not know.

    Migrations only add, so that a new release can be brought up beside an old one, and taken back.
    """
    return revision is not None and revision not in _older()


@cache
def _older() -> frozenset[str]:
    """The revisions before ours."""
    script = ScriptDirectory(str(ROOT / "migrations"))
    return frozenset(one.revision for one in script.walk_revisions() if not one.is_head)


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema this code knows. One that has it, or a newer one, is left as it is."""
    with explained_errors():
        async with database.engine.begin() as connection:
            if not is_enough(await connection.run_sync(current_revision)):
                await connection.run_sync(upgrade)


async def is_current(database: Database) -> bool:
    async with database.reading() as connection:
        return is_enough(await connection.run_sync(current_revision))
