"""`playcall manifest | doctor`."""

from typing import Annotated

import typer

from bot.commands.environment import load_settings, open_database, run_async


def add_to(app: typer.Typer) -> None:
    for command in (manifest, doctor):
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
    from bot.doctor import Level, examine

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
