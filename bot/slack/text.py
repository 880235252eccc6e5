"""Text for Slack: everything a person or a customer supplied is escaped before it meets mrkdwn."""

import re
from collections.abc import Callable

_CONTROL = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # the first is in the others' entities, so it is replaced first
_FORMATTING = re.compile(r"([*_~`])")
_SPECIAL = re.compile(r"[&<>*_~`]")  # nearly all names have none of these
ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str) -> str:
    """Text that Slack shows as it is written, with line breaks and formatting marks as the author meant them.

    Escaping the three control characters is what keeps `<!channel>` and `<@U123>` from notifying anybody.
    """
    for control, entity in _CONTROL.items():
        text = text.replace(control, entity)
    return text


def plain(text: str) -> str:
    """Like `escape`, and formatting marks are shown too: for names inside a sentence of ours."""
    return unformatted(escape(text)) if _SPECIAL.search(text) else text


def unformatted(text: str) -> str:
    """Formatting marks are shown as they are; control characters are left to whoever escapes the whole."""
    return _FORMATTING.sub(rf"{ZERO_WIDTH_SPACE}\1{ZERO_WIDTH_SPACE}", text)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word where that is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 0.6 else cut).rstrip() + "…"


def mention(slack_user_id: str | None, name: str) -> str:
    """A mention of a member, or their name when we do not know them in Slack."""
    return f"<@{slack_user_id}>" if slack_user_id else plain(name)


def fit(text: str, limit: int, spell: Callable[[str], str] = escape) -> str:
    """`text` as `spell` writes it, in at most `limit` characters. It is cut before it is escaped, so no entity is."""
    length = limit
    while len(spelled := spell(shorten(text, length))) > limit:
        length = min(length - 1, length * limit // len(spelled))
    return spelled


def label(text: str, limit: int = 80) -> str:
    """A name of any length and content, on one line inside a sentence of ours."""
    return fit(" ".join(text.split()), limit, plain)


def shorten_mrkdwn(text: str, limit: int) -> str:
    """Like `shorten`, for text that is mrkdwn already: no link is cut in two and no bold or italics left open."""
    cut = shorten(text, limit)
    if cut == text:
        return text
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")].rstrip() + "…"
    for mark in "*_~`":
        if cut.count(mark) % 2:
            cut = cut[: cut.rfind(mark)] + cut[cut.rfind(mark) + 1 :]
    return cut


def money_words(amount: int | None, currency: str) -> str | None:
    """`USD 120,000`."""
    return None if amount is None else f"{currency} {amount:,}"
