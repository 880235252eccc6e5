"""`playcall demo-data`: a book of any size, for load tests."""

from typing import Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.commands.progress import with_progress
from bot.errors import InvalidInput


def add_to(app: typer.Typer) -> None:
    app.command("demo-data")(demo_data)


def demo_data(
    accounts: Annotated[int, typer.Option(min=1, help="How many accounts.")] = 1_000,
    open_steps: Annotated[int, typer.Option(min=0, help="How many open steps, over all accounts.")] = 10_000,
    signals: Annotated[int, typer.Option(min=0, help="How many signals, over all accounts.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another number makes another book; the same one the same.")] = 1,
    replace: Annotated[bool, typer.Option("--replace", help="Give up what the database holds now.")] = False,
) -> None:
    """Fill the database with made-up customers, for load tests. Never in an installation that people work with."""
    from bot.backup import holds_something
    from bot.clock import SystemClock
    from bot.demo.load.loading import load
    from bot.demo.load.scale import Scale
    from bot.imports.importing import StartPhase
    from bot.migrating import migrate
    from bot.processes import only_worker

    settings, library = load_settings(), load_library()

    async def is_free() -> bool:
        async with open_database(settings) as database:
            return not await holds_something(database)

    async def run(phase: StartPhase) -> None:
        async with open_database(settings) as database, only_worker(database.url):
            await migrate(database)
            await load(database, library, Scale(accounts, open_steps, signals, seed, SystemClock().now()), phase)

    if not replace and not run_async(is_free()):
        raise InvalidInput("This database is in use. `--replace` gives up what it holds for made-up customers.")
    with_progress(run)
    typer.echo(f"Made {accounts:,} accounts, {open_steps:,} open steps and {signals:,} signals.")
