"""What the sub-commands that are for leaders have in common."""

import re
from dataclasses import dataclass

from bot.engine.actors import Actor
from bot.errors import InvalidInput, NotAllowed

_PAGE = re.compile(r"(?:^|\s)page\s+(?P<page>\d{1,4})\s*$", re.IGNORECASE)
_DAYS = re.compile(r"(?:^|\s)(?P<days>\d{1,4})(?:\s*d(?:ays)?)?\s*$", re.IGNORECASE)
FURTHEST_DAYS = 1100


@dataclass(frozen=True, slots=True)
class Asked:
    """What follows a sub-command: words, then perhaps a number of days, then perhaps `page 2`."""

    words: str
    days: int
    page: int


def parse_asked(text: str, *, days: int) -> Asked:
    """Raises InvalidInput for a number of days that is of no use."""
    rest, page = split_page(text)
    given = _DAYS.search(rest)
    words = rest[: given.start()] if given else rest
    number = int(given["days"]) if given else days
    if not 1 <= number <= FURTHEST_DAYS:
        raise InvalidInput(f"Ask for 1 to {FURTHEST_DAYS} days.")
    return Asked(words.strip().lower(), number, page)


def split_page(text: str) -> tuple[str, int]:
    """The text without `page 2` at its end, and the number of the page; 1 when none is named."""
    page = _PAGE.search(text)
    return (text[: page.start()].strip(), int(page["page"])) if page else (text.strip(), 1)


def require_leader(actor: Actor) -> None:
    if not actor.leads:
        raise NotAllowed("This is for leaders. `/playbook today` and `/account list` show what is yours.")
