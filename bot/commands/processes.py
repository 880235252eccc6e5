"""`playcall demo | serve | worker | migrate`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.environment import load_settings, open_database, run_async


def add_to(app: typer.Typer) -> None:
    for command in (demo, serve, worker, migrate):
        app.command()(command)


def demo(
    port: Annotated[int, typer.Option(help="The port of the page.")] = 3000,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    data: Annotated[Path | None, typer.Option(file_okay=False, help="A directory that keeps the state.")] = None,
) -> None:
    """A local Slack with the bot and a sample book of business in it."""
    from bot.demo.launcher import run_demo

    run_demo(load_settings(), port=port, browser=browser, data=data)


def serve() -> None:
    """Answer Slack: over HTTP, or over Socket Mode when SLACK_APP_TOKEN is set."""
    from bot.processes import run_web

    run_async(run_web(load_settings()))


def worker() -> None:
    """Fire what is due and send what is to be sent. Several may run."""
    from bot.processes import run_worker

    run_async(run_worker(load_settings()))


def migrate() -> None:
    """Bring the database to the schema of this version. Doing it twice changes nothing."""
    from bot import migrating

    async def bring_up() -> None:
        async with open_database(load_settings()) as database:
            await migrating.migrate(database)

    run_async(bring_up())
    typer.echo("The database has the newest schema.")
