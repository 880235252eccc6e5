"""The answers to `/playbook list`, `on` and `off`: what is used, what else is in the box, what waits or is broken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.library.loading import Problem
from bot.library.schema import Category, Playbook
from bot.models import DocumentKind
from bot.slack.blocks import Block, Message, context, section, sections
from bot.slack.text import escape, fit, label, shorten

CATEGORIES = {
    Category.LIFECYCLE: "Life cycle",
    Category.AT_RISK: "At risk",
    Category.EXPANSION: "Expansion",
    Category.REVIEWS: "The team's own reviews",
}
PAGE = 25
SHOWN_PROBLEMS = 10
SHOWN_WAITING = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A playbook or an overlay with a change that waits for its owner. `is_new`: no version of it is in use."""

    key: str
    title: str
    is_new: bool
    kind: DocumentKind = DocumentKind.PLAYBOOK


@dataclass(frozen=True)
class Shelf:
    """What of the library was asked for (`asked`, empty for all of it). `problems` are for leaders."""

    on: tuple[Playbook, ...]
    off: tuple[Playbook, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    problems: tuple[Problem, ...] = ()
    asked: str = ""
    page: int = 1


def build_playbook_list(shelf: Shelf) -> Message:
    """What is on by category, then what could be turned on, a page at a time."""
    if not (shelf.on or shelf.off):
        return _nothing(shelf)
    lines = [*_lines_on(shelf.on), *_lines_off(shelf.off)]
    pages = [lines[at : at + PAGE] for at in range(0, len(lines), PAGE)]
    page = min(max(shelf.page, 1), len(pages))
    blocks: list[Block] = []
    heading = None
    for group, line in pages[page - 1]:
        blocks += [section(f"*{group}*")] if group != heading else []
        heading = group
        blocks.append(section(line))
    blocks = _together(blocks)
    if page == 1:  # what waits or is broken is to be seen by whoever only looks once
        blocks += _aside(shelf)
    closing = ["`/playbook show KEY` for the steps, `/playbook start KEY ACCOUNT` to begin."]
    if len(pages) > 1:
        command = " ".join(["/playbook list", *([shelf.asked] if shelf.asked else []), str(page % len(pages) + 1)])
        closing.insert(0, f"Page {page} of {len(pages)}: `{label(command)}` shows another.")
    blocks.append(context(" ".join(closing)))
    return Message(_title(shelf), blocks)


def _title(shelf: Shelf) -> str:
    number = len(shelf.on)
    about = f" for “{label(shelf.asked)}”" if shelf.asked else ""
    more = f", {len(shelf.off)} more in the box" if shelf.off else ""
    return f"{number} playbook{'' if number == 1 else 's'}{about}{more}"


def _nothing(shelf: Shelf) -> Message:
    if shelf.asked:
        text = f"No playbook is about “{label(shelf.asked)}”. `/playbook list` shows them all."
    else:
        text = "There is no playbook yet. docs/playbooks.md says how to write one."
    return Message(text, [section(text), *_aside(shelf)])


def _lines_on(playbooks: Sequence[Playbook]) -> Iterable[tuple[str, str]]:
    for category, title in CATEGORIES.items():
        for playbook in playbooks:
            if playbook.category is category:
                yield title, _summary_line(playbook)


def _lines_off(playbooks: Sequence[Playbook]) -> Iterable[tuple[str, str]]:
    for playbook in playbooks:
        title = "Also in the box (a leader turns one on with `/playbook on KEY`)"
        yield title, f"`{playbook.key}`  {label(playbook.title)}"


def _together(blocks: Sequence[Block]) -> list[Block]:
    return sections(block["text"]["text"] for block in blocks)


def _summary_line(playbook: Playbook) -> str:
    sentence = " ".join(playbook.summary.split()).split(". ")[0].rstrip(".")
    return f"`{playbook.key}`  {label(playbook.title)}: {escape(shorten(sentence, 140))}"


def _aside(shelf: Shelf) -> list[Block]:
    """What is not to be started: changes that wait, and files with mistakes."""
    waiting = [
        f"⏳  `{one.key}`  {_kind(one)}{label(one.title)}: {'new' if one.is_new else 'changed'}, waits for approval"
        f" (`/playbook diff {one.key}`)"
        for one in shelf.waiting[:SHOWN_WAITING]
    ]
    if len(shelf.waiting) > SHOWN_WAITING:
        waiting.append(f"and {len(shelf.waiting) - SHOWN_WAITING} more wait for approval")
    blocks = sections([*waiting, *(f"⚠  {fit(str(problem), 400)}" for problem in shelf.problems[:SHOWN_PROBLEMS])])
    if len(shelf.problems) > SHOWN_PROBLEMS:
        more = len(shelf.problems) - SHOWN_PROBLEMS
        blocks.append(context(f"and {more} more: `playcall playbooks lint` lists them."))
    return blocks


def _kind(waiting: Waiting) -> str:
    return "overlay " if waiting.kind is DocumentKind.OVERLAY else ""


def build_switched(playbook: Playbook, *, on: bool, changed: bool, running: int, waits: bool) -> str:
    """The answer to `/playbook on` and `off`. `running`: its open runs, which go on either way."""
    word = "on" if on else "off"
    sentence = f"{label(playbook.title)} is {word} now." if changed else f"{label(playbook.title)} is {word} already."
    if on and waits:
        return f"{sentence} It can be started once its version is approved: `/playbook diff {playbook.key}`."
    if on:
        return f"{sentence} `/playbook start {playbook.key} ACCOUNT` begins it."
    if running:
        runs = "Its 1 open run goes on" if running == 1 else f"Its {running} open runs go on"
        return f"{sentence} {runs}; `/playbook cancel {playbook.key} ACCOUNT because REASON` ends one."
    return f"{sentence} Nothing of it is under way."
