"""What an import would do: decided before anything is written, so that a dry run shows exactly what a real one does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.imports.rows import Row, RowProblem, Values

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Change:
    """A stored record that a row changes. `before` and `after` hold the fields that differ; `stored` has them all."""

    id: int
    row: Row
    before: Values
    after: Values
    stored: Mapping[str, Any]

    def __str__(self) -> str:
        moves = (f"{name} {_shown(self.before[name])} → {_shown(value)}" for name, value in self.after.items())
        return f"{self.row.label}: {', '.join(moves)}"


@dataclass(slots=True)
class Plan:
    created: list[Row] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # headers of columns that are not understood

    def sort_in(self, row: Row, stored: Mapping[str, Any] | None) -> None:
        """Put a row where it belongs, given what is stored under its key (with its `id`), or None."""
        if stored is None:
            self.created.append(row)
            return
        after = {name: value for name, value in row.values.items() if stored[name] != value}
        if after:
            self.changed.append(Change(stored["id"], row, {name: stored[name] for name in after}, after, stored))
        else:
            self.unchanged += 1


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "", [], {}) else str(value)
