"""One sentence in a modal: the answer where there is no message to answer in."""

from collections.abc import Iterable
from typing import Any

from bot.slack.limits import SECTION_TEXT


def build_notice_view(text: str, blocks: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A modal with a sentence (mrkdwn, already escaped) or with blocks."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Playcall"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks or [_sentence(text)],
    }


def build_unsaved_blocks(text: str, typed: Iterable[str]) -> list[dict[str, Any]]:
    """A sentence (mrkdwn, already escaped) that says why a form was not saved, and what was written into it."""
    kept = [{"type": "section", "text": {"type": "plain_text", "text": words[:SECTION_TEXT]}} for words in typed]
    head = {"type": "context", "elements": [{"type": "mrkdwn", "text": "*What you wrote, so that it is not lost*"}]}
    return [_sentence(text), head, *kept] if kept else [_sentence(text)]


def _sentence(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_TEXT]}}
