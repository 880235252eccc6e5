"""Bars that show how far something long has come."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from bot.commands.environment import run_async

if TYPE_CHECKING:
    from bot.imports.importing import StartPhase

T = TypeVar("T")


def with_progress(run: "Callable[[StartPhase], Coroutine[Any, Any, T]]") -> T:
    """Do it with a bar for each phase."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from bot.imports.importing import Advance

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )

    def phase(description: str, total: int) -> Advance:
        task = bar.add_task(description, total=total)
        return lambda count: bar.advance(task, count)

    with bar:
        return run_async(run(phase))
