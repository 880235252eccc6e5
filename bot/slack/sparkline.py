"""A curve in one line of text."""

from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"
SPAN = 30  # the least that the height of the curve stands for: a change of few points shall not look like a cliff


def build_sparkline(scores: Sequence[int | None]) -> str:
    """A bar for each score, a dot where none is known. The height tells the shape, not the score."""
    known = [score for score in scores if score is not None]
    low, high = min(known, default=0), max(known, default=0)
    span = max(high - low, SPAN)
    bottom = (high + low - span) / 2
    top = len(LEVELS) - 1
    return "".join(UNKNOWN if score is None else LEVELS[round(top * (score - bottom) / span)] for score in scores)
