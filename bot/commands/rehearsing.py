"""`playcall playbooks rehearse`: the dated plan of a playbook on an account, or all that would happen."""

import textwrap
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.errors import InvalidInput

if TYPE_CHECKING:
    from bot.engine.rehearsing import Rehearsal
    from bot.library.library import Library
    from bot.library.schema import Playbook
    from bot.rehearsal.assuming import Assumptions
    from bot.services import Services
    from bot.slack.rehearsal_view import Entry, Transcript

DAY = ["%Y-%m-%d"]
WIDTH = 110  # columns of what a message says
MESSAGE_LINES = 7


def rehearse(
    key: Annotated[str, typer.Argument(help="The playbook's key, or the path of its file.")],
    account: Annotated[str, typer.Option(help="The account's key, name or domain.")],
    from_: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="Day zero; today when absent.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DAY, help="The last day; the run's end, at most two years on.")
    ] = None,
    play: Annotated[
        bool, typer.Option("--play", help="Carry it out on a copy, fast-forward: every message, mail and click.")
    ] = False,
    choose: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP=OUTCOME", help="With --play: how a step ends. Else the first way; may be repeated."),
    ] = None,
    late: Annotated[int, typer.Option(help="With --play: how many days late people do everything.")] = 0,
) -> None:
    """Print what a playbook would ask of whom and when. Nothing is started, stored or sent.

    It may be a draft, switched off, or a file that is nowhere in PLAYBOOKS_DIR.
    """
    from bot.rehearsal.assuming import Assumptions, parse_choices

    days = (from_.date() if from_ else None, until.date() if until else None)
    if play:
        assumptions = Assumptions(parse_choices(choose or []), late)
        _print_transcript(run_async(_transcript(key, account, *days, assumptions)))
    elif choose or late:
        raise InvalidInput("`--choose` and `--late` say what people do: give `--play` with them.")
    else:
        _print_plan(run_async(_plan(key, account, *days)))


# --- loading ----------------------------------------------------------------------------------------------------------


async def _plan(key: str, account: str, start: date | None, until: date | None) -> "Rehearsal":
    from bot.db import reading_session
    from bot.engine.rehearsing import rehearse_playbook

    async with _services() as services, services.database.reading() as connection:
        playbook, now = _playbook(services.library, key), services.clock.now()
        account_id = await _account_id(services, account)
        session = reading_session(connection)
        return await rehearse_playbook(session, services.library, playbook, account_id, now, start, until)


async def _transcript(
    key: str, account: str, start: date | None, until: date | None, assumptions: "Assumptions"
) -> "Transcript":
    from bot.rehearsal.performing import rehearse as perform

    async with _services() as services:
        playbook, now = _playbook(services.library, key), services.clock.now()
        account_id = await _account_id(services, account)
        return await perform(
            services, playbook, account_id, now, started_on=start, until=until, assumptions=assumptions
        )


@asynccontextmanager
async def _services() -> AsyncIterator["Services"]:
    from bot.app import nobody_to_wake
    from bot.clock import SystemClock
    from bot.logs import configure_logging
    from bot.services import Services

    library, settings = load_library(), load_settings()
    if settings.log_level == "INFO":  # what happens on the stage is told by the transcript
        configure_logging("WARNING")
    async with open_database(settings) as database:
        yield Services(settings, database, library, SystemClock(), nobody_to_wake)


def _playbook(library: "Library", key: str) -> "Playbook":
    """The playbook of this key, in use or not; or that in a file."""
    from bot.reports.playbooks import find_playbook

    path = Path(key)
    return library.read_playbook(path) if path.suffix in {".yaml", ".yml"} else find_playbook(library, key)


async def _account_id(services: "Services", name: str) -> int:
    from bot.reports.finding import find_account, require_found

    async with services.database.glance() as reader:
        return require_found(await find_account(reader, name)).account_id


# --- printing ---------------------------------------------------------------------------------------------------------


def _print_plan(plan: "Rehearsal") -> None:
    typer.echo(f"{plan.playbook} on {plan.account}, started on {_day(plan.started_on)}:")
    rows = [(_day(step.due_on), step.assignee, step.title, "; ".join(step.remarks)) for step in plan.steps]
    print_columns(rows)
    typer.echo(f"{_day(plan.started_on)} to {_day(plan.ends_on)}, {len(plan.steps)} steps")
    if plan.later:
        typer.echo(f"{plan.later} more are due after the last day that was asked for")
    for line in _remarks(plan.shaped_by, plan.remarks):
        typer.echo(line)


def _print_transcript(transcript: "Transcript") -> None:
    from bot.slack.rehearsal_view import NOTHING_SENT

    typer.echo(f"{transcript.playbook} on {transcript.account}, from {_day(transcript.started_on)}")
    typer.echo(f"{NOTHING_SENT} Times are those of {transcript.zone}.")
    for line in _remarks(transcript.shaped_by, transcript.remarks):
        typer.echo(line)
    for day, entries in transcript.days:
        typer.echo(f"\n{_day(day)}")
        for entry in entries:
            for line in _entry(entry):
                typer.echo(line)
    typer.echo(f"\n{transcript.ending}")


def _remarks(shaped_by: tuple[str, ...], remarks: tuple[str, ...]) -> Iterator[str]:
    yield f"shaped by {', '.join(shaped_by)}" if shaped_by else "as it is written: no overlay shapes it here"
    yield from remarks


def _entry(entry: "Entry") -> Iterator[str]:
    from bot.slack.rehearsal_view import EntryKind

    head = f"  {entry.at:%H:%M}  {entry.who}"
    if entry.kind is EntryKind.DOES:
        yield from textwrap.wrap(f"{head}: {' '.join(entry.words.split())}", WIDTH, subsequent_indent=" " * 9)
        return
    yield f"{head} {entry.kind}"
    said = [line for line in entry.words.splitlines() if line.strip()]
    for line in said[:MESSAGE_LINES]:
        yield f"         | {textwrap.shorten(line, WIDTH, placeholder=' …')}"
    if len(said) > MESSAGE_LINES:
        yield "         | …"


def print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _day(day: date | None) -> str:
    return f"{day:%a} {day.isoformat()}" if day else "no date"
