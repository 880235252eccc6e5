"""A version of a playbook or an overlay: the question to its owner, the news to the team, what differs, its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.library.changes import Change
from bot.models import DocumentKind, VersionStatus
from bot.slack.blocks import Block, Message, actions, button, context, input_block, modal, section, sections, text_input
from bot.slack.dates import day_words, moment_words
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.limits import MESSAGE_BLOCKS, MESSAGE_TEXT_TOTAL
from bot.slack.payloads import VersionRef
from bot.slack.text import fit, label
from bot.slack.version_words import BRIEF, change_lines

MESSAGE_LINES = 20
WHOLE = 1300  # characters of one text where everything is shown: before and after fit into a section
PAGE_TEXT = MESSAGE_TEXT_TOTAL - 2_000
PAGE_LINES = MESSAGE_BLOCKS - 10
HISTORY_LINES = 30

APPROVED_WORDS = {
    DocumentKind.PLAYBOOK: "is what starts",
    DocumentKind.OVERLAY: "shapes what starts",
}
STATUS_WORDS = {
    VersionStatus.DRAFT: "waits for approval",
    VersionStatus.APPROVED: "in use",
    VersionStatus.SUPERSEDED: "superseded",
    VersionStatus.REJECTED: "sent back",
}


@dataclass(frozen=True)
class VersionCard:
    """A version and what it changes. `outline` are the steps of a playbook that is new, as it is read.

    Of an overlay that is new, `changes` are all that it does.

    `decided_on` is a day in UTC; `behind` is how many open runs are on other versions of the playbook.
    """

    version_id: int
    key: str
    title: str
    number: int
    status: VersionStatus
    is_new: bool
    kind: DocumentKind = DocumentKind.PLAYBOOK
    summary: str = ""
    changes: tuple[Change, ...] = ()
    outline: tuple[str, ...] = ()
    decided_by: str | None = None
    decided_on: date | None = None
    decision: str | None = None
    behind: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class HistoryVersion:
    number: int
    status: VersionStatus
    decided_by: str | None
    decided_on: date | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: datetime  # in the reader's zone
    who: str
    summary: str


# --- the question to the owner ----------------------------------------------------------------------------------------


def build_draft_message(card: VersionCard) -> Message:
    """The question to an owner, or, once it is answered, what became of it."""
    about = "is new" if card.is_new else "has changed"
    text = f"The {card.kind} {label(card.title)} {about} and waits for your approval."
    if card.status is VersionStatus.APPROVED:
        text = f"The change of {label(card.title)} was approved{_by(card)}."
    elif card.status is not VersionStatus.DRAFT:
        text = f"The change of {label(card.title)} {_outcome(card)}."
    blocks = [section(f"*{text}*\n`{card.key}`, version {card.number}"), *_what(card)]
    return Message(text, [*blocks, *_answers(card)])


def _what(card: VersionCard) -> list[Block]:
    lines = _lines(card, None)
    shown = sections(lines[:MESSAGE_LINES])
    more = f"and {len(lines) - MESSAGE_LINES} more. " if len(lines) > MESSAGE_LINES else ""
    return [*shown, context(f"{more}Every word of it: `/playbook diff {card.key}`")]


def _lines(card: VersionCard, limit: int | None) -> list[str]:
    lines = change_lines(card.changes, limit or BRIEF, card.kind)
    if card.is_new:
        return [fit(card.summary, 500), *(label(step, 200) for step in card.outline), *lines]
    return lines or ["Nothing that is read differently."]


def _answers(card: VersionCard) -> list[Block]:
    ref = VersionRef(version=card.version_id).pack()
    if card.status is VersionStatus.DRAFT:
        approve = button("Approve", ActionId.VERSION_APPROVE, ref, style="primary")
        back = button("Send back…", ActionId.VERSION_SEND_BACK, ref)
        note = f"Approved, it {APPROVED_WORDS[card.kind]} from then on. Runs under way stay as they began."
        return [actions(f"version-{card.version_id}", approve, back), context(note)]
    if card.status is VersionStatus.APPROVED and card.behind:
        move = button("Move runs…", ActionId.VERSION_MOVE, ref)
        return [context(behind_words(card.behind)), actions(f"version-{card.version_id}", move)]
    return []


def behind_words(behind: int) -> str:
    return f"{behind} {'run is' if behind == 1 else 'runs are'} under way on an older version."


def build_approved_answer(card: VersionCard, sentence: str) -> Message:
    """What the approver is told: how many runs are on older versions, with a button to move them."""
    blocks = [section(sentence), *_answers(card)]
    return Message(f"{sentence} {behind_words(card.behind)}" if card.behind else sentence, blocks)


def build_send_back_modal(card: VersionCard) -> Block:
    reason = text_input(multiline=True, placeholder="What should be different?", limit=2000)
    return modal(
        "Send it back",
        [
            context(f"*{label(card.title)}*  ·  version {card.number}. What is in use stays in use."),
            input_block(InputId.REASON, "Why?", reason),
        ],
        callback_id=CallbackId.VERSION_SEND_BACK,
        submit="Send back",
        metadata=VersionRef(version=card.version_id).pack(),
    )


# --- the news to the team ---------------------------------------------------------------------------------------------


def build_news_message(card: VersionCard) -> Message:
    what = "is new" if card.is_new else f"has changed (version {card.number})"
    text = f"The {card.kind} {label(card.title)} {what}, approved{_by(card)}."
    blocks = [section(f"*{text}*"), *_what(card)]
    if card.kind is DocumentKind.OVERLAY:
        move = "`/playbook move KEY ACCOUNT` takes one over."
        blocks.append(context(f"It shapes what starts from now on. Runs under way stay as they are; {move}"))
    if card.running and not card.is_new:
        runs = "1 run" if card.running == 1 else f"{card.running} runs"
        blocks.append(context(f"New runs follow it. {runs} under way stay as they are until somebody moves them."))
    return Message(text, blocks)


# --- what differs -----------------------------------------------------------------------------------------------------


def build_diff(card: VersionCard, page: int) -> Message:
    """Everything that differs, a page at a time (from 1), with the buttons while it waits for a decision."""
    pages = _pages(_lines(card, WHOLE))
    page = min(max(page, 1), len(pages))
    against = "new" if card.is_new else "compared with the version before"
    text = f"{label(card.title)}, version {card.number}: {STATUS_WORDS[card.status]}"
    blocks = [section(f"*{text}*"), context(f"`{card.key}`  ·  {against}{_said(card)}"), *sections(pages[page - 1])]
    if len(pages) > 1:
        following = f"  ·  the next: `/playbook diff {card.key} {page + 1}`" if page < len(pages) else ""
        blocks.append(context(f"Page {page} of {len(pages)}{following}"))
    return Message(text, [*blocks, *(_second_thoughts(card) or _answers(card))])


def _second_thoughts(card: VersionCard) -> list[Block]:
    """What was sent back can still be approved as it is."""
    if card.status is not VersionStatus.REJECTED:
        return []
    approve = button("Approve after all", ActionId.VERSION_APPROVE, VersionRef(version=card.version_id).pack())
    return [actions(f"version-{card.version_id}", approve)]


def _pages(lines: Sequence[str]) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    for line in lines:
        if pages[-1] and (sum(map(len, pages[-1])) + len(line) > PAGE_TEXT or len(pages[-1]) >= PAGE_LINES):
            pages.append([])
        pages[-1].append(line)
    return pages


# --- its history ------------------------------------------------------------------------------------------------------


def build_history(
    title: str, key: str, versions: Sequence[HistoryVersion], entries: Sequence[HistoryEntry], today: date
) -> Message:
    """Versions and entries are given newest first."""
    text = f"{label(title)}: {len(versions)} {'version' if len(versions) == 1 else 'versions'}"
    told = [f"{moment_words(e.at, today)}  ·  {label(e.who, 60)}: {fit(e.summary, 200)}" for e in entries]
    blocks = [section(f"*{text}*  `{key}`"), *sections(_version_line(v, today) for v in versions[:HISTORY_LINES])]
    if told:
        blocks += sections(["*Who did what*", *told[:HISTORY_LINES]])
    left_out = max(len(versions), len(told)) > HISTORY_LINES
    hint = f"`/playbook diff {key}` shows the last change."
    return Message(text, [*blocks, context(f"Older ones are left out. {hint}" if left_out else hint)])


def _version_line(version: HistoryVersion, today: date) -> str:
    line = f"*{version.number}*  {STATUS_WORDS[version.status]}"
    if version.decided_on:
        line += f"  ·  {day_words(version.decided_on, today)}"
    if version.decided_by:
        line += f"  ·  {label(version.decided_by, 60)}"
    return f"{line}  ·  {fit(version.decision, 150)}" if version.decision else line


def _outcome(card: VersionCard) -> str:
    if card.status is VersionStatus.REJECTED:
        return f"was sent back{_by(card)}{_said(card)}"
    return f"is no longer to be decided{_said(card)}"


def _said(card: VersionCard) -> str:
    return f": {fit(card.decision, 300)}" if card.decision else ""


def _by(card: VersionCard) -> str:
    return f" by {label(card.decided_by, 60)}" if card.decided_by else ""
