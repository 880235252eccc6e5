"""An account's journey: where it stands, what is ahead, what its gate asks for. All text is plain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.models import MilestoneKind, MilestoneStatus
from bot.slack.account_words import DOT
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    checkboxes,
    context,
    header,
    input_block,
    modal,
    option,
    section,
    sections,
)
from bot.slack.dates import day_words
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.payloads import AccountRef, StageMove
from bot.slack.text import label

CHECKBOXES = 10  # Slack's limit for one input
HERE, ELSEWHERE = "▶", "▷"


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    title: str
    kind: MilestoneKind
    status: MilestoneStatus
    day: date | None  # reached on, else meant for
    owner: str | None = None
    to_confirm: bool = False  # its day was past before the account joined


@dataclass(frozen=True, slots=True)
class CriterionRow:
    label: str
    met: bool


@dataclass(frozen=True, slots=True)
class PlaybookRow:
    title: str
    key: str
    state: str


@dataclass(frozen=True)
class StageView:
    """A stage; its gate and playbooks are shown for the one the account is in."""

    title: str
    goal: str
    is_present: bool
    milestones: tuple[MilestoneRow, ...] = ()
    gate: tuple[CriterionRow, ...] = ()
    exempt: bool = False
    playbooks: tuple[PlaybookRow, ...] = ()


@dataclass(frozen=True)
class JourneyView:
    account_id: int
    account: str
    title: str
    started_on: date
    ends_on: date
    next_title: str | None
    today: date
    stages: tuple[StageView, ...]
    proposals: int = 0  # milestones that are probably reached, to be confirmed


@dataclass(frozen=True, slots=True)
class ProposalRow:
    milestone_id: int
    title: str
    why: str
    sure: bool


@dataclass(frozen=True)
class StageWait:
    """An account that would go on to a stage, but for what is missing."""

    account_id: int
    account: str
    key: str
    present: str
    stage: str
    stage_title: str
    missing: tuple[str, ...] = field(default=())


def build_journey_message(view: JourneyView, sentence: str | None = None) -> Message:
    """The journey; with a sentence (plain text) first when something was just changed."""
    title = f"{view.account}: {view.title}"
    follows = f", then {view.next_title}" if view.next_title else ""
    span = f"{day_words(view.started_on, view.today)} to {day_words(view.ends_on, view.today)}{follows}"
    blocks = [
        *([section(label(sentence, 600))] if sentence else []),
        header(title),
        context(label(span, 300)),
        *sections(line for stage in view.stages for line in _stage_lines(stage, view.today)),
        _buttons(view),
    ]
    return Message(label(title, 150), blocks)


def _stage_lines(stage: StageView, today: date) -> Iterator[str]:
    mark, here = (HERE, "  _here now_") if stage.is_present else (ELSEWHERE, "")
    yield f"\n{mark} *{label(stage.title)}*{here}{DOT}{label(stage.goal, 300)}"
    yield from (f"      {_milestone(row, today)}" for row in stage.milestones)
    if not stage.is_present:
        return
    if stage.gate:
        passed = "  _(a leader allowed an exception)_" if stage.exempt else ""
        yield f"      *To go on*{passed}"
        yield from (f"      {'✓' if one.met else '✗'} {label(one.label, 160)}" for one in stage.gate)
    if stage.playbooks:
        yield "      *Playbooks*"
        yield from (f"      • {label(one.title, 80)} `{one.key}`{DOT}{label(one.state, 80)}" for one in stage.playbooks)


def _milestone(row: MilestoneRow, today: date) -> str:
    day = day_words(row.day, today) if row.day else None
    owner = f"{DOT}{label(row.owner, 40)}" if row.owner else ""
    title = label(row.title, 120)
    if row.kind is MilestoneKind.RISK:
        return f"⚠ {title}, happened {day}" if row.status is MilestoneStatus.REACHED else f"⚠ watch for: {title}{owner}"
    match row.status:
        case MilestoneStatus.REACHED:
            return f"✓ {title}{DOT}{day}"
        case MilestoneStatus.MISSED:
            return f"– {title}{DOT}missed"
    if row.to_confirm:
        return f"? {title}{DOT}probably by {day}, not confirmed{owner}"
    late = "late, was planned for " if row.day and row.day < today else ""
    return f"○ {title}{DOT}{late}{day or 'no date yet'}{owner}"


def _buttons(view: JourneyView) -> Block:
    value = AccountRef(account=view.account_id).pack()
    confirm = [
        button(f"Confirm what is reached ({view.proposals})", ActionId.JOURNEY_CONFIRM, value, style="primary")
    ] * bool(view.proposals)
    waits = any(not one.met for stage in view.stages if stage.is_present and not stage.exempt for one in stage.gate)
    ask = [button("Ask for an exception…", ActionId.GATE_EXEMPT, value)] * waits
    return actions(
        f"journey:{view.account_id}",
        *confirm,
        *ask,
        button("Card", ActionId.ACCOUNT_SHOW, value),
        button("Timeline", ActionId.ACCOUNT_TIMELINE, value),
    )


def build_confirm_modal(account_id: int, account: str, proposals: Sequence[ProposalRow]) -> Block:
    """Which milestones an account that joined in the middle has behind it. Nothing is marked unless it is ticked."""
    groups = [proposals[at : at + CHECKBOXES] for at in range(0, len(proposals), CHECKBOXES)]
    blocks = [
        context(f"*{label(account)}*{DOT}Tick what has really been reached. The rest stays ahead."),
        *(_boxes(number, group) for number, group in enumerate(groups)),
    ]
    return modal(
        "What is reached?",
        blocks,
        callback_id=CallbackId.JOURNEY_CONFIRM,
        submit="Confirm",
        metadata=AccountRef(account=account_id).pack(),
    )


def confirm_inputs(number: int) -> str:
    """The block id of a group of checkboxes."""
    return f"{InputId.MET_MILESTONES}:{number}"


def _boxes(number: int, group: Sequence[ProposalRow]) -> Block:
    options = [option(f"{row.title} ({row.why})", str(row.milestone_id)) for row in group]
    ticked = [one for one, row in zip(options, group, strict=True) if row.sure]
    name = "Reached already" if number == 0 else "And these"
    return input_block(confirm_inputs(number), name, checkboxes(*options, initial=ticked), optional=True)


def build_stage_wait_message(waiting: StageWait) -> Message:
    account, stage = label(waiting.account), label(waiting.stage_title)
    title = f"{account} could go on to {stage}"
    if waiting.missing:
        lines = [f"*{account} is not ready for {stage} yet.* It stays in {label(waiting.present)}. Missing:"]
        lines += [f"✗ {label(one, 160)}" for one in waiting.missing]
    else:
        lines = [f"*{title}.* Nothing is missing any more."]
    move = StageMove(account=waiting.account_id, stage=waiting.stage).pack()
    value = AccountRef(account=waiting.account_id).pack()
    ask = [button("Ask for an exception…", ActionId.GATE_EXEMPT, value)] * bool(waiting.missing)
    return Message(
        title,
        [
            section("\n".join(lines)),
            context("Move it when that is done, or ask for an exception, on which a leader decides."),
            actions(
                f"stage:{waiting.account_id}",
                button(f"Move to {waiting.stage_title}", ActionId.STAGE_MOVE, move, style="primary"),
                *ask,
                button("Journey", ActionId.JOURNEY_SHOW, value),
            ),
        ],
    )
