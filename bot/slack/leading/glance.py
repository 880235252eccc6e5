"""A leader's glance at the team on the Home tab, and what its buttons open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.slack.blocks import Block, Message, actions, button, header, modal, section, sections
from bot.slack.dates import day_words
from bot.slack.ids import ActionId
from bot.slack.limits import VIEW_BLOCKS
from bot.slack.text import label

LINES = 60
DRILLS = {
    ActionId.DRILL_OVERDUE: "Overdue by person",
    ActionId.DRILL_AT_RISK: "At risk",
    ActionId.DRILL_REPORT: "Report",
    ActionId.DRILL_BOTTLENECKS: "Bottlenecks",
}


@dataclass(frozen=True, slots=True)
class Glance:
    """The team in numbers."""

    accounts: int
    overdue: int
    people_overdue: int
    escalations: int
    at_risk: int


@dataclass(frozen=True, slots=True)
class OverdueRow:
    name: str
    steps: int
    oldest: date


@dataclass(frozen=True, slots=True)
class AtRiskRow:
    account: str
    playbook: str
    since: date
    csm: str
    overdue: int


def _counted(number: int, one: str, many: str) -> str:
    return f"*{number:,}* {one if number == 1 else many}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def build_glance(glance: Glance) -> list[Block]:
    facts = [
        _counted(glance.accounts, "account", "accounts"),
        f"{_counted(glance.overdue, 'step', 'steps')} overdue with {_people(glance.people_overdue)}",
        _counted(glance.escalations, "open escalation", "open escalations"),
        f"{_counted(glance.at_risk, 'at-risk playbook', 'at-risk playbooks')} running",
    ]
    drills = [button(words, action, action.value) for action, words in DRILLS.items()]
    return [header("The team at a glance"), section("  ·  ".join(facts)), actions("glance", *drills)]


def build_overdue(rows: Sequence[OverdueRow], today: date) -> Block:
    lines = [
        f"•  *{label(row.name, 60)}*  ·  {row.steps:,}, the oldest of {day_words(row.oldest, today)}" for row in rows
    ]
    return _list("Overdue by person", lines, "Nothing is overdue.")


def build_at_risk(rows: Sequence[AtRiskRow], today: date) -> Block:
    lines = [
        f"•  *{label(row.account, 60)}*  ·  {label(row.playbook, 80)} since {day_words(row.since, today)}"
        f"  ·  {label(row.csm, 60)}" + (f"  ·  {row.overdue} overdue" if row.overdue else "")
        for row in rows
    ]
    return _list("At risk", lines, "No at-risk playbook is running.")


def _list(title: str, lines: Sequence[str], empty: str) -> Block:
    more = [f"and {len(lines) - LINES} more."] if len(lines) > LINES else []
    return modal(title, sections([*lines[:LINES], *more]) or [section(empty)])


def build_drill(title: str, message: Message) -> Block:
    """An answer of a command, as a modal to read."""
    return modal(title, message.blocks[:VIEW_BLOCKS])
