"""`playcall token create|list|revoke`."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.environment import load_settings, open_database, run_async
from bot.commands.groups import new_group

if TYPE_CHECKING:
    from datetime import datetime

    from bot.engine.tokens import Scope

Name = Annotated[str, typer.Argument(help="What uses it, such as usage-feed.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What it may do: signals:write, accounts:read, accounts:write. Left out: all of it."),
]


def add_to(app: typer.Typer) -> None:
    group = new_group("Tokens for the HTTP API.")
    for name, command in (("create", create), ("list", show), ("revoke", revoke)):
        group.command(name)(command)
    app.add_typer(group, name="token")


def create(name: Name, scope: Scopes = None) -> None:
    """Make a token and print it, once: only its hash is kept."""
    from bot.clock import SystemClock
    from bot.engine.tokens import create_token

    scopes = _scopes(scope or [])

    async def run() -> str:
        async with open_database(load_settings()) as database, database.transaction() as session:
            return await create_token(session, name, scopes, SystemClock().now())

    typer.echo(run_async(run()))
    typer.echo("Keep it now: it cannot be shown again.", err=True)


def show() -> None:
    """List the tokens, what each may do and when it was last used."""
    from bot.engine.tokens import list_tokens

    async def run() -> list[str]:
        async with open_database(load_settings()) as database, database.transaction() as session:
            return [
                f"{token.name:<24} {token.hint}…  {' '.join(token.scopes)}  made {_day(token.created_at)}  "
                + (f"revoked {_day(token.revoked_at)}" if token.revoked_at else f"last used {_day(token.last_used_at)}")
                for token in await list_tokens(session)
            ]

    for line in run_async(run()) or ["There is no token yet. `playcall token create NAME` makes one."]:
        typer.echo(line)


def revoke(name: Name) -> None:
    """Revoke a token for good, at once. Doing it twice changes nothing."""
    from bot.clock import SystemClock
    from bot.engine.tokens import revoke_token

    async def run() -> bool:
        async with open_database(load_settings()) as database, database.transaction() as session:
            return await revoke_token(session, name, SystemClock().now())

    typer.echo(f"The token {name} is revoked." if run_async(run()) else f"The token {name} was revoked before.")


def _scopes(names: list[str]) -> "list[Scope]":
    from bot.engine.tokens import Scope
    from bot.library.nearness import unknown_name

    for name in names:
        if name not in set(Scope):
            raise typer.BadParameter(f"{unknown_name('scope', name, Scope)}.", param_hint="--scope")
    return [Scope(name) for name in names]


def _day(at: "datetime | None") -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else "never"
