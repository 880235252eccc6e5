"""Changed playbook files are taken up by the processes that run, without a restart."""

import asyncio

import structlog

from bot.errors import ConfigurationError
from bot.library.library import Library

log = structlog.get_logger(__name__)


async def reload_changed(library: Library) -> bool:
    """Load the files again if they changed, and log what cannot be used; whether anything changed."""
    try:
        changed = await asyncio.to_thread(library.reload_if_changed)
    except ConfigurationError as error:
        log.warning("configuration_left_as_it_was", why=error.message)
        return True
    except Exception:
        log.exception("reload_failed")
        return False
    if changed:
        log.info("playbooks_reloaded", playbooks=len(library.catalog.playbooks), mistakes=len(library.catalog.problems))
        for problem in library.catalog.problems:
            log.warning("playbook_has_a_mistake", file=problem.file, line=problem.line, problem=str(problem))
    return changed
