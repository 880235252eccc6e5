"""`playcall playbooks grid | coverage`: what there is for which stage, and what is missing."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.reporting import print_table


def add_to(group: typer.Typer) -> None:
    group.command("grid")(grid)
    group.command("coverage")(coverage)


def grid(
    team: Annotated[bool, typer.Option("--team", help="Stages and teams instead of stages and playbooks.")] = False,
    csv: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it to this CSV file.")] = None,
) -> None:
    """Print which playbooks belong to which stage, and how many are running there."""
    from bot.reports.leading.grid import load_grid, load_team_grid
    from bot.slack.tables import Table

    async def load() -> Table:
        library = load_library()
        async with open_database(load_settings()) as database, database.reading() as reader:
            return await (load_team_grid if team else load_grid)(reader, library)

    print_table(run_async(load()), csv)


def coverage() -> None:
    """Print the milestones, and the stages of segments, for which there is no playbook."""
    from bot.reports.leading.coverage import find_coverage
    from bot.slack.leading.coverage import coverage_words

    found = find_coverage(load_library())
    for one in found.uncovered_milestones:
        typer.echo(f"milestone {one.key} ({one.journey}, {one.stage}): {one.title}")
    for cell in found.uncovered_cells:
        typer.echo(f"segment {cell.segment} in stage {cell.stage}")
    typer.echo(coverage_words(found))
