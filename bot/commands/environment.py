"""What most commands begin with: the settings, logging, an open database."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.db import Database
    from bot.library.library import Library
    from bot.settings import Settings

T = TypeVar("T")


def load_settings() -> "Settings":
    """The settings, with logging set up by them. Raises ConfigurationError naming the variable that cannot be used."""
    from pydantic import ValidationError

    from bot.logs import configure_logging
    from bot.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]  # the value may be a secret
        variable = "_".join(str(part) for part in first["loc"]).upper()
        why = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"The environment variable {variable} cannot be used: {why}.") from None
    configure_logging(settings.log_level)
    return settings


def load_library(directory: "Path | None" = None) -> "Library":
    """The playbooks of a directory; those of PLAYBOOKS_DIR when none is named."""
    from bot.library.library import Library

    settings = load_settings()
    library = Library(directory or settings.playbooks_dir, settings.templates_dir)
    library.load()
    return library


@asynccontextmanager
async def open_database(settings: "Settings") -> AsyncIterator["Database"]:
    from bot.db import Database

    database = Database(settings.database_url)
    try:
        yield database
    finally:
        await database.close()


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where there is one: it serves two to three times what asyncio's own loop does."""
    if os.name == "nt":
        return asyncio.run(work)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
