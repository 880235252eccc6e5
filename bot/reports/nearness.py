"""How alike two names are, the way people mistype and abbreviate them. Pure."""

import re
import unicodedata

from rapidfuzz import fuzz


def nearness(one: str, other: str, *, score_cutoff: float | None = None) -> float:
    """How alike two folded names are: a slip of the keyboard, or the beginning of a longer name."""
    slip: float = fuzz.ratio(one, other, score_cutoff=score_cutoff)
    if len(one) >= 3 and other.startswith(one):
        return max(slip, 85.0 + 10.0 * len(one) / len(other))
    return slip


def bare_domain(text: str) -> str:
    """`https://www.Acme.com/about` is `acme.com`."""
    without_scheme = re.sub(r"^[a-z]+://", "", text.strip().lower())
    return re.split(r"[/?#:]", without_scheme, maxsplit=1)[0].removeprefix("www.")


def domain_name(domain: str | None) -> str:
    """`acme` of `www.acme.co.uk`: what somebody remembers of it."""
    return bare_domain(domain).split(".", 1)[0] if domain else ""


def fold(text: str) -> str:
    """A text without what people leave out when they type it: case, accents, punctuation, emoji."""
    without_emoji = re.sub(r":[a-z0-9_+-]+:", " ", text.casefold())
    letters = unicodedata.normalize("NFKD", without_emoji)
    kept = "".join(c if c.isalnum() else "" if unicodedata.combining(c) else " " for c in letters)
    return " ".join(kept.split())
