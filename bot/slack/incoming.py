"""What people type, as they meant it: Slack escapes it, turns addresses into links, and keyboards curl the quotes."""

import html
import re

_LINK = re.compile(r"<(?:https?://|mailto:)[^|<>]*\|([^<>]*)>|<(?:mailto:)?([^|<>@#!\s][^|<>\s]*)>")
_MENTION = re.compile(r"<([@#])[A-Z0-9]+\|([^<>]*)>")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "\u00a0": " "})


def as_typed(text: str) -> str:
    """The text of a command without Slack's links and escapes: `<http://acme.com|acme.com>` is `acme.com`."""
    unlinked = _LINK.sub(lambda match: match.group(1) or match.group(2), text)
    return html.unescape(_MENTION.sub(r"\1\2", unlinked)).strip()


def straight(text: str) -> str:
    """With typewriter quotes, for telling words apart; what is kept as written keeps its own."""
    return text.translate(_QUOTES)


def first_word(text: str) -> tuple[str, str]:
    """The first word, or what stands in quotes at the beginning, and the rest."""
    text = text.strip()
    opening = straight(text[:1])
    if opening in {'"', "'"}:
        end = straight(text).find(opening, 1)
        if end > 0:
            return text[1:end].strip(), text[end + 1 :].strip()
    word, _, rest = text.partition(" ")
    return word, rest.strip()
