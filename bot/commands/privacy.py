"""`playcall contacts export|erase EMAIL`: for a person who asks what is kept about them."""

import sys
from typing import Annotated

import typer

from bot.commands.environment import load_settings, open_database, run_async
from bot.errors import InvalidInput

Email = Annotated[str, typer.Argument(help="The person's email.")]


def export(email: Email) -> None:
    """Print everything that is kept about one person at a customer, as JSON."""
    import json

    from bot.engine.privacy import export_contact

    async def read() -> str:
        async with open_database(load_settings()) as database, database.long_transaction() as session:
            return json.dumps(await export_contact(session, email), indent=2, ensure_ascii=False)

    typer.echo(run_async(read()))


def erase(
    email: Email, yes: Annotated[bool, typer.Option("--yes", help="Do not ask first: it cannot be undone.")] = False
) -> None:
    """Take one person at a customer out of everything that names them."""
    from bot.clock import SystemClock
    from bot.engine.privacy import erase_contact

    if not yes:
        if not sys.stdin.isatty():
            raise InvalidInput("Nobody is there to be asked whether it is meant. `--yes` does not ask.")
        typer.confirm(f"Take {email} out for good?", abort=True)

    async def take_out() -> int:
        async with open_database(load_settings()) as database, database.long_transaction() as session:
            return await erase_contact(session, email, SystemClock().now())

    changed = run_async(take_out())
    rows = "1 row" if changed == 1 else f"{changed} rows"
    typer.echo(f"{email} is taken out of {rows}. What stands in Slack and in mailboxes is not ours to change.")
