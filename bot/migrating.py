"""Bringing a database to the schema this code expects, and asking how far it is."""

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


def expected_revision() -> str | None:
    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()


async def migrate(database: Database) -> None:
    """Upgrade to the newest schema. Doing it twice changes nothing."""
    with explained_errors():
        async with database.engine.begin() as connection:
            await connection.run_sync(upgrade)


async def is_current(database: Database) -> bool:
    async with database.reading() as connection:
        return await connection.run_sync(current_revision) == expected_revision()
