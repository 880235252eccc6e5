"""The answer to `/account show`: one card with what to know before speaking to the customer. All text is plain."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.account_words import DOT, facts_line, more_words
from bot.slack.blocks import Block, Message, header, section
from bot.slack.health_view import account_buttons, build_story
from bot.slack.text import label

ROWS = 8


@dataclass(frozen=True, slots=True)
class CardSection:
    """Rows under a title. Without rows `empty` is said instead."""

    title: str
    rows: tuple[tuple[str, ...], ...]  # the first part of a row stands out
    empty: str = ""


@dataclass(frozen=True, slots=True)
class CardView:
    account_id: int
    name: str
    facts: tuple[str, ...]
    outcome: str | None
    story: tuple[tuple[str, str], ...]  # what works, where the friction is, what to do next
    sections: tuple[CardSection, ...]


def build_card_message(view: CardView) -> Message:
    outcome = [section(f"*What they want to achieve*\n{label(view.outcome, 600)}")] if view.outcome else []
    blocks = [
        header(view.name),
        facts_line(view.facts),
        *outcome,
        *build_story(view.story),
        *(block for one in view.sections for block in _section(one)),
        account_buttons(view.account_id),
    ]
    return Message(f"{label(view.name)}: {label(', '.join(view.facts), 300)}", blocks)


def _section(one: CardSection) -> list[Block]:
    if not one.rows and not one.empty:
        return []
    lines = [_row(row) for row in one.rows[:ROWS]] or [f"_{label(one.empty, 200)}_"]
    return [section("\n".join([f"*{one.title}*", *lines, *more_words(len(one.rows) - ROWS)]))]


def _row(row: Sequence[str]) -> str:
    first, *rest = (label(text, 160) for text in row)
    return DOT.join([f"• {first}", *rest])
