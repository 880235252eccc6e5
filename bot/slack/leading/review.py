"""The pack for the quarterly review: as one message, and as Markdown for a document."""

from dataclasses import dataclass

from bot.slack.blocks import Message, context, section, sections
from bot.slack.limits import MESSAGE_TEXT_TOTAL
from bot.slack.text import label

LINE = 400  # characters of a line in Slack
ROOM = MESSAGE_TEXT_TOTAL - 1000


@dataclass(frozen=True, slots=True)
class ReviewPart:
    """Lines of plain text below a heading."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Review:
    quarter: str
    over: bool
    parts: tuple[ReviewPart, ...]

    @property
    def title(self) -> str:
        return f"Review of {self.quarter}" + ("" if self.over else ", so far")


def build_review(review: Review) -> Message:
    blocks = [section(f"*{review.title}*")]
    left = ROOM
    for part in review.parts:
        lines = []
        for line in part.lines or ("nothing",):
            words = f"•  {label(line, LINE)}"
            left -= len(words) + 1
            if left > 0:
                lines.append(words)
        blocks += sections([f"*{part.title}*", *lines])
    blocks.append(context(f"All of it as a document: `playcall report --review --quarter {review.quarter}`"))
    return Message(review.title, blocks)


def review_markdown(review: Review) -> str:
    parts = [f"# {review.title}"]
    for part in review.parts:
        lines = "\n".join(f"- {' '.join(line.split())}" for line in part.lines or ("nothing",))
        parts.append(f"## {part.title}\n\n{lines}")
    return "\n\n".join(parts) + "\n"
