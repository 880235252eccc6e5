"""A page of lines: what every long answer to a leader has in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.blocks import Message, context, section, sections
from bot.slack.limits import MESSAGE_TEXT_TOTAL

ROOM = MESSAGE_TEXT_TOTAL - 1200  # characters for lines, beside title, introduction and closing words


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for, how many lines one has, and the command that shows another: `... page 2`."""

    number: int
    lines: int
    command: str


def build_page(title: str, intro: str, lines: Sequence[str], paging: Paging, *, empty: str) -> Message:
    """One page of the lines (mrkdwn); a page after the last is the last."""
    if not lines:
        return Message(title, [section(f"*{title}*"), section(empty), *([context(intro)] if intro else [])])
    pages = max(1, -(-len(lines) // paging.lines))
    number = min(max(1, paging.number), pages)
    shown = _fitting(lines[(number - 1) * paging.lines : number * paging.lines])
    blocks = [section(f"*{title}*"), *([context(intro)] if intro else []), *sections(shown)]
    if pages > 1:
        more = f"  ·  more: `{paging.command} page {number + 1}`" if number < pages else ""
        blocks.append(context(f"Page {number} of {pages}{more}"))
    return Message(title, blocks)


def _fitting(lines: Sequence[str]) -> list[str]:
    """As many of the lines as a message has room for; with the lines a page is made for, that is all of them."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > ROOM:
            break
        kept.append(line)
    return kept
