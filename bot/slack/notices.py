"""One sentence in a modal: the answer where there is no message to answer in."""

from typing import Any

from bot.slack.limits import SECTION_TEXT


def build_notice_view(text: str, blocks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A modal with a sentence (mrkdwn, already escaped) or with blocks."""
    sentence = {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_TEXT]}}
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Playcall"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks or [sentence],
    }
