"""The answer to `/playbook guardrails`: what is watched, what is done, and for how many accounts it holds today."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.library.guardrails import Guardrail, GuardrailAction
from bot.slack.blocks import Message
from bot.slack.leading.pages import Paging, build_page
from bot.slack.step_card import role_words
from bot.slack.text import escape, fit, label

ROWS = 20
SIGNS = {  # the longer ones first: each is in a shorter one
    "&&": "and",
    "||": "or",
    ">=": "at least",
    "<=": "at most",
    "==": "is",
    "!=": "is not",
    ">": "more than",
    "<": "less than",
}
_TEXT = re.compile(r"""("[^"]*"|'[^']*')""")


@dataclass(frozen=True, slots=True)
class GuardrailRow:
    """`starts` is the playbook's title; `idle` says why it does nothing; `accounts` is None for others than leaders."""

    guardrail: Guardrail
    starts: str | None = None
    idle: str | None = None
    accounts: int | None = None


@dataclass(frozen=True, slots=True)
class GuardrailTable:
    """`uncounted`: there are too many accounts to count them while somebody waits."""

    rows: tuple[GuardrailRow, ...]
    escalations_a_day: int
    uncounted: bool = False


def build_guardrail_table(table: GuardrailTable, page: int = 1) -> Message:
    most = table.escalations_a_day
    intro = (
        "Looked at every day. What is found for one person goes out as one message, the next morning; "
        f"at most {most} escalation{'s' * (most != 1)} a day are raised. The table is playbooks/guardrails.yaml."
    )
    if table.uncounted:
        intro += " Your book is too large to count here for how many accounts each holds: their timelines have it."
    empty = "Nothing is watched: there is no playbooks/guardrails.yaml, or it has no rows. docs/playbooks.md says how."
    return build_page("Guardrails", intro, list(_lines(table)), Paging(page, ROWS, "/playbook guardrails"), empty=empty)


def _lines(table: GuardrailTable) -> Iterator[str]:
    for row in table.rows:
        guardrail = row.guardrail
        parts = [
            f"*{label(guardrail.title)}*  →  {action_words(guardrail.then, row.starts)}",
            f"again after {_days(guardrail.again_after)}",
            *([_holds_for(row.accounts)] if row.accounts is not None else []),
        ]
        idle = [f"⚠ It does nothing now: {fit(row.idle, 300)}"] if row.idle else []
        yield "\n".join(["  ·  ".join(parts), fit(f"when {condition_words(guardrail.when)}", 300), *idle])


def condition_words(expression: str) -> str:
    """A condition as people read it: `steps overdue at least 3 and touch is "high"`. Texts stay as they are."""
    parts = _TEXT.split(expression)
    return "".join(part if _TEXT.fullmatch(part) else _outside_text(part) for part in parts)


def _outside_text(part: str) -> str:
    for sign, words in SIGNS.items():
        part = re.sub(rf"\s*{re.escape(sign)}\s*", f" {words} ", part)
    part = re.sub(r"\bat_start\.(\w+)", r"\1 when it began", part)
    part = re.sub(r"\bbands\.(\w+)", r"the band \1", part)
    return re.sub(r"\b(?:account|contact|measures)\.", "", part).replace("_", " ").replace(" * ", " × ")


def action_words(action: GuardrailAction, starts: str | None) -> str:
    """What is done, as people say it; `starts` is the title of the playbook that is started. mrkdwn."""
    if action.tell:
        return f"tell {_whom(action.tell)}"
    if action.escalate:
        return f"escalate to {_whom(action.escalate.to)} ({action.escalate.severity})"
    return f"start {label(starts or '')}"


def _whom(owner: str) -> str:
    return escape(owner) if "@" in owner else f"the {role_words(owner)}"


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"


def _holds_for(accounts: int) -> str:
    if not accounts:
        return "holds for no account today"
    return f"holds for *{accounts:,}* account{'s' * (accounts != 1)} today"
