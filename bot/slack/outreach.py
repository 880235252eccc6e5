"""What is about to reach customers, as a list: who does what when, and what speaks against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.slack.blocks import Block, Message, button, context, section, sections
from bot.slack.dates import day_words
from bot.slack.ids import ActionId
from bot.slack.payloads import MenuChoice, MenuItem, Place
from bot.slack.text import fit, label

LINES = 20
NAMES = 3
CAUTION = 400


@dataclass(frozen=True, slots=True)
class OutreachLine:
    """One step that would reach a customer. `who` is its assignee, or `by itself`."""

    step_id: int
    revision: int
    due_on: date | None
    title: str
    account: str
    playbook: str
    who: str
    is_open: bool
    to: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    is_twin: bool = False  # an earlier mail says the same to the same person


@dataclass(frozen=True, slots=True)
class QueuedLine:
    subject: str
    to: str
    account: str


@dataclass(frozen=True, slots=True)
class PastLine:
    on: date
    step: str
    playbook: str


@dataclass(frozen=True, slots=True)
class OutreachPage:
    """`past` None: it is not asked for. Dates are the reader's."""

    title: str
    today: date
    days: int
    lines: tuple[OutreachLine, ...]
    queued: tuple[QueuedLine, ...]
    past: tuple[PastLine, ...] | None
    gap_days: int


def build_outreach(page: OutreachPage) -> Message:
    return Message(page.title, list(_blocks(page)))


def _blocks(page: OutreachPage) -> Iterator[Block]:
    yield section(f"*{label(page.title, 150)}*")
    if not page.lines and not page.queued:
        yield section(f"Nothing in the next {page.days} days.")
    for line in page.lines[:LINES]:
        yield from _line(line, page)
    if len(page.lines) > LINES:
        yield context(f"and {len(page.lines) - LINES} more")
    if page.queued:
        yield from sections(["*On their way*", *(_queued(one, page) for one in page.queued[:LINES])])
    if page.past:
        yield from sections(["*They heard from us*", *(_past(one, page.today) for one in page.past)])
    elif page.past is not None:
        yield context(f"No step of a playbook has reached them in the last {page.days} days.")
    gap = "a day" if page.gap_days == 1 else f"{page.gap_days} days"
    yield context(f"Between contacts of different playbooks there should be {gap}; what goes by itself keeps to it.")


def _line(line: OutreachLine, page: OutreachPage) -> Iterator[Block]:
    when = "no date yet" if line.due_on is None else day_words(line.due_on, page.today)
    late = "overdue since " if line.due_on and line.due_on < page.today else ""
    parts = [f"{late}{when}", f"*{label(line.title, 150)}*"]
    if page.past is None:
        parts.append(label(line.account))
    parts += [label(line.playbook), label(line.who, 60)]
    if line.to:
        parts.append(f"to {_names(line.to)}")
    skip = None
    if line.is_twin and line.is_open:
        choice = MenuChoice(step=line.step_id, revision=line.revision, place=Place.MESSAGE, item=MenuItem.SKIP)
        skip = button("Skip…", ActionId.STEP_MENU, choice.pack())
    yield section("  ·  ".join(parts), accessory=skip, block_id=f"outreach:{line.step_id}")
    if line.cautions:
        yield context(f"⚠  {fit(' '.join(line.cautions), CAUTION)}")


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(label(name, 60) for name in names[:NAMES])
    return f"{shown} and {len(names) - NAMES} more" if len(names) > NAMES else shown


def _queued(one: QueuedLine, page: OutreachPage) -> str:
    where = f" ({label(one.account)})" if page.past is None else ""
    return f"•  {label(one.subject, 150)}  ·  to {label(one.to, 60)}{where}"


def _past(one: PastLine, today: date) -> str:
    return f"•  {day_words(one.on, today)}  ·  {label(one.step, 150)}  ·  {label(one.playbook)}"
