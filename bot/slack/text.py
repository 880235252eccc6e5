"""Text for Slack: everything a person or a customer supplied is escaped before it meets mrkdwn."""

import re

_CONTROL = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_FORMATTING = re.compile(r"([*_~`])")
ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str) -> str:
    """Text that Slack shows as it is written, with line breaks and formatting marks as the author meant them.

    Escaping the three control characters is what keeps `<!channel>` and `<@U123>` from notifying anybody.
    """
    return "".join(_CONTROL.get(character, character) for character in text)


def plain(text: str) -> str:
    """Like `escape`, and formatting marks are shown too: for names inside a sentence of ours."""
    return unformatted(escape(text))


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
