"""How alike two names are, the way people mistype and abbreviate them. Pure."""

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz import fuzz, process

SHORTEST_BEGINNING = 3

_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_SPACED = {code: " " for code in range(128) if not chr(code).isalnum()}


def nearness(one: str, other: str) -> float:
    """How alike two folded names are: a slip of the keyboard, or the beginning of a longer name."""
    slip: float = fuzz.ratio(one, other)
    if len(one) >= SHORTEST_BEGINNING and other.startswith(one):
        return max(slip, 85.0 + 10.0 * len(one) / len(other))
    return slip


def domain_name(domain: str | None) -> str:
    """`acme` of `www.acme.co.uk`: what somebody remembers of it."""
    return domain.lower().removeprefix("www.").partition(".")[0] if domain else ""


def fold(text: str) -> str:
    """A text without what people leave out when they type it: case, accents, punctuation, emoji."""
    folded = text.casefold()
    if ":" in folded:
        folded = _EMOJI.sub(" ", folded)
    if folded.isascii():
        return " ".join(folded.translate(_SPACED).split())
    letters = unicodedata.normalize("NFKD", folded)
    kept = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in letters)
    return " ".join(kept.split())


def nearest(wanted: str, names: Sequence[str], number: int, cutoff: float) -> list[tuple[float, int]]:
    """The names nearest to a folded text, with their positions, best first. It looks at all of them natively first."""
    likely = {
        index for _, _, index in process.extract(wanted, names, score_cutoff=cutoff, limit=number, scorer=fuzz.ratio)
    }
    if len(wanted) >= SHORTEST_BEGINNING:
        longer = [index for index, name in enumerate(names) if name.startswith(wanted)]
        likely.update(sorted(longer, key=lambda index: len(names[index]))[:number])
    return sorted(((nearness(wanted, names[index]), index) for index in likely), reverse=True)[:number]
