"""Noticing that files were changed, and what was decided about them elsewhere, every few seconds in every process."""

from datetime import datetime

import structlog

from bot.engine.governance.syncing import sync_versions
from bot.engine.rules.standing import sync_rules
from bot.schedule.reloading import reload_changed
from bot.services import Services

log = structlog.get_logger(__name__)


class LibraryWatch:
    """Compares the files with the database once, and again whenever this process sees that they have changed.

    Only then: two processes that see different files, as while a new release comes up, would else take back each
    other's drafts over and over.
    """

    def __init__(self) -> None:
        self._compared: object | None = None

    async def look(self, services: Services, now: datetime) -> int:
        """Returns how many versions and rules changed. What fails is tried again at the next look."""
        library = services.library
        await reload_changed(library)
        async with services.database.reading() as connection:
            await library.refresh(connection)
        if library.catalog is self._compared:
            return 0
        catalog = library.catalog
        async with services.database.long_transaction() as session:
            changed = await sync_versions(session, library, now) + await sync_rules(session, library, now)
        async with services.database.reading() as connection:
            await library.refresh(connection)
        self._compared = catalog
        if changed:
            log.info("playbook_versions_changed", changed=changed)
            services.wake()
        return changed
