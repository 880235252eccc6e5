"""The answer to `/playbook suggestions`: what people want changed, for the monthly tuning."""

from dataclasses import dataclass
from datetime import date

from bot.models import SuggestionSource
from bot.slack.blocks import Block, Message, actions, button, context, section
from bot.slack.dates import day_words
from bot.slack.ids import ActionId
from bot.slack.payloads import SuggestionRef
from bot.slack.text import fit, label

PAGE = 10
WORDS = 700  # characters of a suggestion
SOURCES = {
    SuggestionSource.FEEDBACK: "👎 on a step",
    SuggestionSource.SUGGESTION: "suggestion",
    SuggestionSource.RETROSPECTIVE: "after an escalation",
}
NONE = "No suggestions are open. `/playbook suggest KEY what to change` adds one; so does 👎 on a finished step."


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """`helped` and `did_not` count the thumbs on the same step, whatever was written."""

    suggestion_id: int
    playbook: str
    step: str | None
    source: SuggestionSource
    author: str
    body: str | None
    on: date
    helped: int = 0
    did_not: int = 0


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    """`page` counts from 1; `total` is how many are open."""

    rows: tuple[SuggestionRow, ...]
    total: int
    page: int
    today: date


def build_suggestions(page: SuggestionPage, said: str | None = None) -> Message:
    """The queue, the oldest first; `said` (mrkdwn) is what has just become of one."""
    title = f"Suggestions: {page.total} open"
    news = [context(said)] if said else []
    if not page.rows:
        return Message(title, [*news, section(NONE)])
    blocks = [*news, section(f"*{title}*")]
    for row in page.rows:
        blocks += _suggestion(row, page.today)
    if page.page * PAGE < page.total:
        blocks.append(context(f"More: `/playbook suggestions {page.page + 1}`"))
    return Message(title, blocks)


def _suggestion(row: SuggestionRow, today: date) -> list[Block]:
    where = f"*{label(row.playbook, 100)}*" + (f"  ·  {label(row.step, 100)}" if row.step else "")
    facts = [SOURCES[row.source], label(row.author, 60), day_words(row.on, today)]
    if row.helped or row.did_not:
        facts.append(f"this step so far: 👍 {row.helped}  👎 {row.did_not}")
    words = fit(row.body, WORDS) if row.body else "_nothing was written_"
    value = SuggestionRef(suggestion=row.suggestion_id).pack()
    return [
        section(f"{where}\n{words}\n{'  ·  '.join(facts)}"),
        actions(
            f"suggestion:{row.suggestion_id}:actions",
            button("Take", ActionId.SUGGESTION_TAKE, value, style="primary"),
            button("Decline", ActionId.SUGGESTION_DECLINE, value),
        ),
    ]
