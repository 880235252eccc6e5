"""A rehearsal as it is read: day by day who would get what, and what they are assumed to do. A page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from bot.slack.blocks import Block, Message, actions, button, context, section, sections
from bot.slack.dates import day_words
from bot.slack.ids import ActionId
from bot.slack.payloads import RehearsalPage
from bot.slack.text import fit, label, plain

PAGE_TEXT = 7_500  # characters: half of what a message may hold, as nobody reads a wall
PAGE_LINES = 24
WORDS = 420  # of one message
REMARK = 400
REMARKS = 6
NOTHING_SENT = "A rehearsal on a copy of the account: nothing was sent to anybody, and nothing is stored."


class EntryKind(StrEnum):
    GETS = "gets"  # a message in Slack
    DRAFTS = "drafts"  # a mail to the customer, read by a person before it goes
    DOES = "does"  # what the person is assumed to do, or what Playcall does


MARKS = {EntryKind.GETS: "✉", EntryKind.DRAFTS: "✎", EntryKind.DOES: "→"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that would happen. `at` is in the CSM's zone; `who` and `words` are raw text, which may have lines."""

    at: datetime
    who: str
    kind: EntryKind
    words: str


@dataclass(frozen=True)
class Transcript:
    """What would happen, in order. `zone` is that of all times; `shaped_by` are the titles of overlays."""

    playbook: str
    playbook_key: str
    account: str
    account_id: int
    started_on: date
    zone: str
    entries: tuple[Entry, ...]
    ending: str
    shaped_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def days(self) -> Iterator[tuple[date, list[Entry]]]:
        for day, entries in groupby(self.entries, key=lambda entry: entry.at.date()):
            yield day, list(entries)


def build_rehearsal(transcript: Transcript, page: int) -> Message:
    """A page (from 1; the nearest there is) of the transcript, with buttons to the ones beside it."""
    pages = _pages(transcript)
    page = min(max(page, 1), len(pages))
    started = day_words(transcript.started_on, transcript.started_on)
    title = f"Rehearsal: {label(transcript.playbook)} on {label(transcript.account)}"
    head = [
        section(f"*{title}*  ·  from {started} {transcript.started_on.year}"),
        context(f"{NOTHING_SENT} Times are those of {label(transcript.zone)}."),
    ]
    if page == 1:
        head += [context(fit(remark, REMARK)) for remark in _remarks(transcript)]
    blocks = [*head, *sections(pages[page - 1])]
    if page == len(pages):
        blocks.append(section(f"*{fit(transcript.ending, REMARK)}*"))
    return Message(title, [*blocks, *_turning(transcript, page, len(pages))])


def _remarks(transcript: Transcript) -> list[str]:
    shaped = [f"Shaped by {', '.join(transcript.shaped_by)}."] if transcript.shaped_by else []
    return [*shaped, *transcript.remarks][:REMARKS]


def _pages(transcript: Transcript) -> list[list[str]]:
    """The lines of each page. A day that goes on over the page's end is named again."""
    pages: list[list[str]] = [[]]
    room = PAGE_TEXT
    for day, entries in transcript.days:
        heading = f"*{day_words(day, transcript.started_on)}*"
        lines = [_line(entry) for entry in entries]
        for number, line in enumerate(lines):
            needed = len(heading) + len(line) + 2
            if pages[-1] and (needed > room or len(pages[-1]) >= PAGE_LINES):
                pages.append([])
                room = PAGE_TEXT
            if number == 0 or not pages[-1]:
                pages[-1].append(heading)
            pages[-1].append(line)
            room -= needed
    return pages


def _line(entry: Entry) -> str:
    if entry.kind is EntryKind.DOES:
        return (
            f"{MARKS[entry.kind]}  {entry.at:%H:%M}  {label(entry.who, 60)} {fit(_one_line(entry.words), WORDS, plain)}"
        )
    said = "\n".join(f"> {line}" for line in fit(entry.words, WORDS, plain).splitlines() if line.strip())
    return f"{MARKS[entry.kind]}  {entry.at:%H:%M}  *{label(entry.who, 60)}* {entry.kind}\n{said}"


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _turning(transcript: Transcript, page: int, pages: int) -> Sequence[Block]:
    if pages == 1:
        return []
    beside = [
        (page - 1, "Previous page", ActionId.REHEARSAL_PREVIOUS),
        (page + 1, "Next page", ActionId.REHEARSAL_NEXT),
    ]
    buttons = [button(words, action, _at(transcript, to)) for to, words, action in beside if 1 <= to <= pages]
    return [context(f"Page {page} of {pages}"), actions("rehearsal-pages", *buttons)]


def _at(transcript: Transcript, page: int) -> str:
    return RehearsalPage(
        playbook=transcript.playbook_key,
        account=transcript.account_id,
        page=page,
        started_on=transcript.started_on,
    ).pack()
