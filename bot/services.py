"""What a listener or a job is handed to work with. bot.app builds it; nothing else does."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.db import Database
from bot.library.library import Library
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    database: Database
    library: Library
    clock: Clock
    wake: Callable[[], None]  # tells the outbox of this process, if it has one, that there is something to send
