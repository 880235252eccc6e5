"""The `playcall` command. Exit codes: 0 success, 1 a failed check or command, 2 bad usage.

What a command needs is imported when it runs, so that `playcall --help` answers at once.
"""

import os
import secrets
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from bot import __version__
from bot.commands import importing, loading, playbooks, processes, reporting, rules, tokens, upkeep
from bot.commands.groups import help_when_alone
from bot.errors import PlaycallError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

app = typer.Typer(
    name="playcall",
    help="Runs customer-success playbooks from Slack.",
    add_completion=False,
    rich_markup_mode=None,
)
processes.add_to(app)
importing.add_to(app)
playbooks.add_to(app)
rules.add_to(app)
reporting.add_to(app)
tokens.add_to(app)
upkeep.add_to(app)
loading.add_to(app)


@app.callback(invoke_without_command=True)
def playcall(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
    else:
        help_when_alone(context)


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code. Whatever goes wrong is one line on stderr."""
    try:
        result = app(args=list(arguments), prog_name="playcall", standalone_mode=False)
    except TyperException as error:
        _complain(f"{error.format_message()} Try `playcall --help`.")
        return error.exit_code
    except PlaycallError as error:
        _complain(error.message)
        return 1
    except (Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
            raise
        _complain(f"Something unexpected went wrong ({type(error).__name__}). Details for a report: {_kept_details()}")
        return 1
    return result if isinstance(result, int) else 0


def _complain(sentence: str) -> None:
    typer.echo("playcall: " + " ".join(sentence.split()), err=True)


def _kept_details() -> Path:
    """Where the traceback of the present error was written."""
    from bot.logs import masked

    path = Path(tempfile.gettempdir()) / f"playcall-error-{secrets.token_hex(8)}.log"
    path.touch(0o600, exist_ok=False)  # it is nobody else's to read from the beginning
    path.write_text(masked(traceback.format_exc()))
    return path


if __name__ == "__main__":
    main()
