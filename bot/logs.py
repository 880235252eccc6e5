"""Logging: static events with fields; JSON for machines, colours for a person at a terminal.

The libraries' own log records go through the same renderer. Nothing secret gets out: whatever looks like a token, a key
or a password is masked, in messages, fields and tracebacks alike.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
_SECRETS = (  # the first group of each stays, so that one can tell what was masked
    re.compile(r"(\bxox[a-z]-|\bxapp-)[\w.-]+"),
    re.compile(r"(\bplaycall_)[\w-]{32,}"),  # a token of the HTTP API; names of metrics are shorter
    re.compile(r"(\bBearer )(?!playcall_)[^\s\"',]{8,}"),
    re.compile(r"(://)[^/\s]*:[^/\s]+(?=@)"),  # user:password of an address
    re.compile(r"([?&](?:password|ticket)=)[^&\s\"']+"),  # of a database; Socket Mode's way in
    re.compile(r"(/unsubscribe/)[\w-]{43}"),
    re.compile(r"(\bhooks\.slack\.com/)[\w/-]+"),  # where an answer goes to: whoever has it may answer, too
)

# Bolt writes the bodies of requests it refuses at INFO; APScheduler tells of every beat, Alembic of its context.
_QUIET = ("slack_bolt", "apscheduler", "alembic")


def configure_logging(level: str, *, for_a_person: bool | None = None) -> None:
    """Set up logging for this process. `for_a_person` defaults to whether stderr is a terminal."""
    readable = sys.stderr.isatty() if for_a_person is None else for_a_person
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(readable)],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _masked(value) for name, value in event.items()}


def _rendering(readable: bool) -> list[Processor]:
    renderer: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    return [structlog.processors.format_exc_info, mask_secrets, renderer]


def masked(text: str) -> str:
    for secret in _SECRETS:
        text = secret.sub(rf"\1{MASK}", text)
    return text


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value
