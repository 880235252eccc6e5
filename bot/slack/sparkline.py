"""A curve in one line of text."""

from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"


def build_sparkline(scores: Sequence[int | None]) -> str:
    """A bar for each score of 0 to 100, a dot where none is known."""
    return "".join(UNKNOWN if score is None else LEVELS[min(score * len(LEVELS) // 100, 7)] for score in scores)
