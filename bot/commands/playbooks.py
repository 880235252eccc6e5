"""`playcall playbooks lint | list`; with rehearsing.py `rehearse`, with variants.py `show | diff`."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot.commands import covering, variants
from bot.commands.environment import load_library
from bot.commands.groups import new_group
from bot.commands.rehearsing import print_columns, rehearse
from bot.commands.starting import start

Directory = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="A directory of playbooks; PLAYBOOKS_DIR if absent.")
]


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def add_to(app: typer.Typer) -> None:
    group = new_group("Check, list, show, compare and rehearse playbooks.")
    group.command("lint")(lint)
    group.command("list")(list_playbooks)
    group.command("rehearse")(rehearse)
    group.command("start")(start)
    variants.add_to(group)
    covering.add_to(group)
    app.add_typer(group, name="playbooks")


def lint(
    directory: Directory = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too, not only on errors.")] = False,
    format_: Annotated[Format, typer.Option("--format", help="How to print what was found.")] = Format.TEXT,
) -> None:
    """Check every playbook file. What is found is printed as FILE:LINE LEVEL: PATH: WHAT.

    An error keeps a playbook from being used, a warning is something its author cannot mean, advice makes it better.
    """
    from bot.clock import SystemClock
    from bot.library.lint_rules import Level
    from bot.library.linting import lint as find
    from bot.library.linting import summary_of

    library = load_library(directory)
    today, stages = SystemClock().now().date(), library.stages.titles
    findings = find(library.catalog, library.overlay_files, library.emails, today, stages, library.rule_book)
    if not library.catalog.playbooks and not findings:
        _no_playbooks(library.directory)
    elif format_ is Format.JSON:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(str(finding), err=finding.level is Level.ERROR)
        typer.echo(summary_of(library.catalog, library.overlay_files, findings))
    failing = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    if any(finding.level in failing for finding in findings):
        raise typer.Exit(1)


def _no_playbooks(directory: Path) -> NoReturn:
    folders = ", ".join(f"{category}/" for category in ("lifecycle", "at-risk", "expansion", "reviews"))
    typer.echo(f"No playbooks in {directory}: they lie in {folders}.", err=True)
    raise typer.Exit(1)


def list_playbooks() -> None:
    """List the playbooks that can be started."""
    playbooks = load_library().catalog.playbooks.values()
    print_columns([(p.key, p.category.value, f"{len(p.steps)} steps", p.title) for p in playbooks])
