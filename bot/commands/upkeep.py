"""`playcall manifest | doctor | backup | restore`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.environment import load_settings, open_database, run_async
from bot.errors import InvalidInput


def add_to(app: typer.Typer) -> None:
    for command in (manifest, doctor, backup, restore):
        app.command()(command)


def manifest(
    url: Annotated[
        str | None, typer.Option(help="Where Slack reaches this server, such as https://playcall.example.com.")
    ] = None,
) -> None:
    """Print the Slack app manifest: for Socket Mode, or with --url for HTTP."""
    from bot.manifest import manifest_yaml

    if url is not None and not url.startswith("https://"):
        raise typer.BadParameter("Slack only posts to an address that begins with https://.", param_hint="--url")
    typer.echo(manifest_yaml(url), nl=False)


def doctor() -> None:
    """Check tokens, scopes, channels, database, playbooks and deliveries, and say what to mend."""
    from bot.clock import SystemClock
    from bot.doctor import examine
    from bot.findings import Level

    async def run() -> bool:
        settings = load_settings()
        healthy = True
        async with open_database(settings) as database:
            async for finding in examine(settings, database, SystemClock().now()):
                typer.echo(str(finding))
                healthy &= finding.level is not Level.FAIL
        return healthy

    if not run_async(run()):
        raise typer.Exit(1)


def backup(file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")]) -> None:
    """Write the whole database to a file, while Playcall goes on working."""
    from sqlalchemy import make_url

    from bot.backup import back_up

    run_async(back_up(make_url(load_settings().database_url), file))
    typer.echo(f"The database is in {file}. `playcall restore {file}` brings it back.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `playcall backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up what the database holds now.")] = False,
) -> None:
    """Put a backup in the place of the database. Stop web and workers first."""
    from bot import backup
    from bot.processes import only_worker

    async def bring_back() -> None:
        settings = load_settings()
        async with open_database(settings) as database:
            url = database.url
            await backup.require_backup(url, file)
            if not replace and await backup.holds_something(database):
                raise InvalidInput("This database is in use. `--replace` gives up what it holds for the backup.")
        async with only_worker(url):
            await backup.restore(url, file)

    run_async(bring_back())
    typer.echo("The backup is in place. Run `playcall migrate`, then start web and worker.")
