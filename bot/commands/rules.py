"""`playcall rules list | lint | test`: what the data must say, and what a rule would have done."""

from collections.abc import Callable, Coroutine
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.groups import new_group
from bot.commands.rehearsing import DAY, print_columns
from bot.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from bot.library.library import Library
    from bot.library.rule_files import RuleBook
    from bot.library.rules import Rule
    from bot.signals.rules.backtest import Progress, Replay

DAYS = 90
SHOWN = 40  # firings printed of one rule
BECAME = {"churned": "churned since", "renewed": "renewed since", "customer": "still a customer"}


def add_to(app: typer.Typer) -> None:
    group = new_group("Check, list and try rules.")
    group.command("list")(list_rules)
    group.command("lint")(lint)
    group.command("test")(try_rules)
    app.add_typer(group, name="rules")


def list_rules() -> None:
    """List the rules that can be used, and what each does."""
    from bot.slack.rule_views import rule_action_words

    library = load_library()
    rows = [
        (rule.key, rule_action_words(rule.then, rule.then.starts_or_recommends or rule.then.works_on), rule.title)
        for rule in library.rule_book.rules.values()
    ]
    if not rows:
        typer.echo(f"No rules in {library.directory / 'rules'}: docs/rules.md says how to write one.")
        return
    print_columns(rows)


def lint(
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="Only this file of rules.")] = None,
) -> None:
    """Check the files of rules. What is found is printed as FILE:LINE LEVEL: WHAT; an error leaves a rule out."""
    from bot.library.lint_of_rules import rule_remarks

    book = _book(load_library(), file)
    for problem in book.problems:
        typer.echo(f"error: {problem}", err=True)
    for key, remark in rule_remarks(book):
        typer.echo(f"{book.source(key, remark.location)} {remark.level}: {key}: {remark.message}")
    typer.echo(f"{len(book.rules)} rules can be used; {len(book.problems)} mistakes.")
    if book.problems:
        raise typer.Exit(1)


def try_rules(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Only the rules of this file.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=DAY, help="The first day that is replayed; 90 days ago when absent.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only the rule with this key.")] = None,
) -> None:
    """Replay what was measured day by day: on whom rules would have acted, when, and what became of these accounts.

    Nothing is done, stored or sent. Fields of accounts count as they are today: only what was measured is history.
    """
    library = load_library()
    book = _book(library, file)
    for problem in book.problems:
        typer.echo(str(problem), err=True)
    rules = list(book.rules.values())
    if rule is not None and rule not in book.rules:
        raise NotFound(f"There is no rule `{rule}` here; there are {', '.join(book.rules)}.")
    if not rules:
        raise InvalidInput("There is no rule to try. docs/rules.md says how to write one.")
    replays = _replay(library, rules, since.date() if since else None)
    for number, replay in enumerate(one for one in replays if rule in {None, one.rule.key}):
        if number:
            typer.echo()
        _print(replay)
    if book.problems:
        raise typer.Exit(1)


def _book(library: "Library", file: Path | None) -> "RuleBook":
    from bot.library.rule_files import read_rules

    return library.rule_book if file is None else read_rules(file, library.names_for_rules)


def _replay(library: "Library", rules: list["Rule"], since: date | None) -> list["Replay"]:
    from bot.clock import SystemClock
    from bot.signals.rules.backtest import replay

    now = SystemClock().now()
    first = since or (now - timedelta(days=DAYS)).date()
    if first > now.date():
        raise InvalidInput("That day is still to come: say one that is past with --since.")

    async def load(progress: "Progress") -> list["Replay"]:
        async with open_database(load_settings()) as database, database.reading() as connection:
            return await replay(connection, library, rules, first, now, progress)

    return _with_bar(load)


def _with_bar(load: Callable[["Progress"], Coroutine[Any, Any, list["Replay"]]]) -> list["Replay"]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("Replaying", total=None)
    with bar:
        return run_async(load(lambda done, total: bar.update(task, completed=done, total=total)))


# --- printing ---------------------------------------------------------------------------------------------------------


def _print(replay: "Replay") -> None:
    rule = replay.rule
    typer.echo(f"{rule.key}: {rule.title}")
    typer.echo(
        f"  {replay.since} to {replay.until}: {_times(len(replay.firings))}, "
        f"on {len(replay.accounts):,} of {replay.looked_at:,} accounts"
    )
    for remark in replay.remarks:
        typer.echo(f"  mind: {remark}")
    if not replay.firings:
        return
    became = replay.became()
    typer.echo("  of these accounts: " + ", ".join(f"{became[key]:,} {words}" for key, words in BECAME.items()))
    _print_tasks(replay)
    print_columns([("", *row) for row in _rows(replay)])
    if len(replay.firings) > SHOWN:
        typer.echo(f"  ... and {len(replay.firings) - SHOWN:,} more")


def _print_tasks(replay: "Replay") -> None:
    if not replay.tasks:
        typer.echo("  it gives nobody a task of their own")
        return
    weekly = replay.weekly_tasks()
    csm, most = replay.busiest_week()
    mean = sum(weekly.values()) / len(weekly)
    typer.echo(
        f"  tasks for the CSM: {replay.tasks} each time, {mean:.1f} a week for each of {len(weekly)} CSMs on average, "
        f"{most:,} in the fullest week ({csm})"
    )


def _rows(replay: "Replay") -> list[tuple[str, ...]]:
    from bot.slack.text import money_words, shorten

    head = ("day", "account", "CSM", "health now", "ARR", "became of it", "why")
    rows = []
    for firing in replay.firings[:SHOWN]:
        fate = replay.fates[firing.account_id]
        rows.append(
            (
                firing.day.isoformat(),
                shorten(fate.name, 30),
                fate.csm or "nobody",
                str(fate.health) if fate.health is not None else "unknown",
                money_words(fate.arr, fate.currency) or "unknown",
                BECAME[replay.fate_after(firing)],
                shorten(firing.why, 110),
            )
        )
    return [head, *rows]


def _times(number: int) -> str:
    return {0: "would not have acted", 1: "would have acted once"}.get(number, f"would have acted {number:,} times")
