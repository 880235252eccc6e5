"""Rules in Slack: the list, one of them with a trial, and the question whether one may act."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.library.rules import Rule, RuleAction
from bot.models import RuleStatus
from bot.slack.blocks import Block, Message, actions, button, context, section, sections
from bot.slack.guardrails import condition_words
from bot.slack.ids import ActionId
from bot.slack.leading.pages import Paging, build_page
from bot.slack.payloads import RuleRef
from bot.slack.step_card import role_words
from bot.slack.text import escape, fit, label

ROWS = 12
DIGEST = 16  # characters of a digest that tell one content from another
STATUS_WORDS = {
    RuleStatus.ACTIVE: "on",
    RuleStatus.HELD: "⏸ held until somebody lets it act",
    RuleStatus.OFF: "off",
}

BECAME = {
    "churned": ("has churned", "have churned"),
    "renewed": ("has renewed", "have renewed"),
    "customer": ("is a customer still", "are customers still"),
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """`starts` is the title of the playbook that it starts, recommends or ends; `idle` says why it does nothing."""

    rule: Rule
    starts: str | None
    status: RuleStatus
    idle: str | None = None
    open: int = 0
    fired: int = 0
    last_fired: date | None = None


@dataclass(frozen=True, slots=True)
class RuleTable:
    rows: tuple[RuleRow, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WouldFire:
    account: str
    contact: str | None
    why: str


@dataclass(frozen=True, slots=True)
class WroteFiring:
    day: date
    account: str
    why: str
    did: str


@dataclass(frozen=True, slots=True)
class RuleCard:
    """`would` are the first accounts on which it would act now, None in a large book; `would_number` counts all."""

    row: RuleRow
    measures: tuple[tuple[str, str], ...]
    would: tuple[WouldFire, ...] | None
    would_number: int
    latest: tuple[WroteFiring, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldRule:
    """A rule that waits for a decision, or about which one was made. `backtest` is as `Replay.remembered` made it."""

    rule: Rule
    starts: str | None
    status: RuleStatus
    held_for: int
    backtest: Mapping[str, Any] = field(default_factory=dict)
    decided_by: str | None = None


# --- the list ---------------------------------------------------------------------------------------------------------


def build_rule_table(table: RuleTable, page: int = 1, *, leads: bool = False) -> Message:
    intro = "`/playbook rules KEY` shows one and tries it. docs/rules.md says how they are written."
    empty = "There is no rule. They are written in playbooks/rules; docs/rules.md says how."
    lines = [_line(row) for row in table.rows]
    if leads:
        lines += [f"⚠ {fit(problem, 400)}" for problem in table.problems]
    return build_page("Rules", intro, lines, Paging(page, ROWS, "/playbook rules"), empty=empty)


def _line(row: RuleRow) -> str:
    about = [STATUS_WORDS[row.status], _activity_words(row)]
    head = f"`{row.rule.key}`  *{label(row.rule.title, 120)}*  →  {rule_action_words(row.rule.then, row.starts)}"
    idle = [f"⚠ It does nothing now: {fit(row.idle, 200)}"] if row.idle and row.status is RuleStatus.ACTIVE else []
    return "\n".join([head, "  ·  ".join(about), *idle])


def _activity_words(row: RuleRow) -> str:
    if row.last_fired is None:
        return "has not acted yet"
    times = "once" if row.fired == 1 else f"{row.fired:,} times"
    return f"acted {times}, last on {row.last_fired}, true of {row.open:,} now"


def rule_action_words(action: RuleAction, playbook: str | None) -> str:
    """What is done, as people say it. mrkdwn."""
    named = label(playbook or "")
    if action.start:
        return f"start {named}"
    if action.exit:
        return f"end {named}"
    if action.advance:
        return f"complete `{action.advance.step}` of {named}"
    if action.milestone:
        return f"reach the milestone `{action.milestone}`"
    if action.escalate:
        return f"escalate to the {role_words(action.escalate.to)} ({action.escalate.severity})"
    to = action.alert.to if action.alert else ""
    whom = escape(to) if "@" in to else f"the {role_words(to)}"
    return f"ask {whom} whether to start {named}" if playbook else f"alert {whom}"


# --- one rule ---------------------------------------------------------------------------------------------------------


def build_rule_card(card: RuleCard, *, leads: bool) -> Message:
    row = card.row
    title = f"{label(row.rule.title, 120)}: {STATUS_WORDS[row.status]}"
    blocks = [
        section(f"*{label(row.rule.title, 120)}*\n{rule_action_words(row.rule.then, row.starts)}"),
        *([context(fit(row.rule.about, 500))] if row.rule.about else []),
        *sections(_definition(card)),
        *sections(_trial(card)),
        *(sections(["*What it did last*", *map(_firing_words, card.latest)]) if card.latest else []),
        context("  ·  ".join([f"`{row.rule.key}`", STATUS_WORDS[row.status], _activity_words(row)])),
    ]
    if row.idle:
        blocks.append(context(f"⚠ It does nothing now: {fit(row.idle, 300)}"))
    return Message(title, [*blocks, *(_buttons(row.rule, row.status) if leads else [])])


def _definition(card: RuleCard) -> Iterator[str]:
    rule = card.row.rule
    for name, words in card.measures:
        yield f"•  `{name}`: {escape(words)}"
    yield f"*When* {fit(condition_words(rule.when), 600)}"
    if rule.sustained:
        yield f"{rule.sustained.periods} times in a row, {rule.sustained.every} days apart"
    if rule.until:
        yield f"*Over when* {fit(condition_words(rule.until), 600)}"
    if scope := _scope_words(rule):
        yield f"*Only* {scope}"
    yield f"Acts again after {rule.rests_for} days at the earliest"


def _scope_words(rule: Rule) -> str:
    """`stage adoption or renewal; touch high`."""
    named = {"journeys": "journey", "segments": "segment", "stages": "stage", "touch": "touch", "overlays": "variant"}
    listed = ((word, getattr(rule.only, name)) for name, word in named.items())
    return escape("; ".join(f"{word} {' or '.join(names)}" for word, names in listed if names))


def _trial(card: RuleCard) -> Iterator[str]:
    if card.would is None:
        command = f"playcall rules test FILE --rule {card.row.rule.key}"
        yield f"Your book is too large to try it while you wait: `{command}` tells on whom it would have acted."
        return
    if not card.would:
        yield "*If it looked now* it would act on nobody new."
        return
    accounts = "1 account" if card.would_number == 1 else f"{card.would_number:,} accounts"
    yield f"*If it looked now* it would act on {accounts}:"
    for one in card.would:
        who = f"{label(one.account)}, {label(one.contact)}" if one.contact else label(one.account)
        yield f"•  {who}: {fit(one.why, 200)}"


def _firing_words(firing: WroteFiring) -> str:
    return f"•  {firing.day}  {label(firing.account)}: {fit(firing.did, 150)} ({fit(firing.why, 200)})"


# --- the question -----------------------------------------------------------------------------------------------------


def build_held_message(held: HeldRule) -> Message:
    """The question whether a rule may act, or, once it is answered, what became of it."""
    name = label(held.rule.title, 120)
    if held.status is RuleStatus.HELD:
        text = f"The rule “{name}” waits: it would act on {_accounts(held.held_for)} now."
    else:
        by = f" by {label(held.decided_by)}" if held.decided_by else ""
        text = f"The rule “{name}” was {'let act' if held.status is RuleStatus.ACTIVE else 'switched off'}{by}."
    about = f"{rule_action_words(held.rule.then, held.starts)}, when {fit(condition_words(held.rule.when), 400)}"
    blocks = [section(f"*{text}*\n{about}")]
    if held.backtest:
        blocks += sections(backtest_lines(held.backtest))
    blocks.append(context(f"Who these are, and why: `/playbook rules {held.rule.key}`"))
    return Message(text, [*blocks, *(_buttons(held.rule, held.status) if held.status is RuleStatus.HELD else [])])


def backtest_lines(backtest: Mapping[str, Any]) -> Iterator[str]:
    """What a rule would have done, in a few lines (mrkdwn)."""
    span = f"From {backtest['since']} to {backtest['until']}"
    if not backtest["firings"]:
        yield f"*{span}* it would not have acted at all ({_accounts(backtest['looked_at'])} looked at)."
        return
    times = "once" if backtest["firings"] == 1 else f"{backtest['firings']:,} times"
    yield f"*{span}* it would have acted {times}, on {backtest['accounts']:,} of {_accounts(backtest['looked_at'])}."
    became = backtest["became"]
    told = [f"{became[key]:,} {words[became[key] != 1]}" for key, words in BECAME.items() if became.get(key)]
    yield f"Now {', '.join(told)}."
    if most := backtest["busiest_tasks"]:
        yield f"The fullest week: {most:,} task{'s' * (most != 1)} for {label(backtest['busiest_csm'])}."
    if backtest["examples"]:
        yield f"For instance {', '.join(map(label, backtest['examples']))}."
    for remark in backtest["remarks"]:
        yield f"_Mind: {escape(remark)}._"


def _buttons(rule: Rule, status: RuleStatus) -> list[Block]:
    ref = RuleRef(rule=rule.key, digest=rule.digest[:DIGEST]).pack()
    let_act = button("Let it act", ActionId.RULE_LET_ACT, ref, style="primary")
    off = button("Switch off", ActionId.RULE_OFF, ref)
    shown = {RuleStatus.HELD: [let_act, off], RuleStatus.ACTIVE: [off], RuleStatus.OFF: [let_act]}[status]
    return [actions(f"rule-{rule.key}", *shown)]


def _accounts(number: int) -> str:
    return "1 account" if number == 1 else f"{number:,} accounts"
