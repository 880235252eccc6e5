"""How often a token may call: counted by each web process for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """A bucket for each caller that holds a minute's worth of calls and fills up steadily."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: dict[int, _Bucket] = {}

    def wait(self, caller: int) -> int:
        """0 when the caller may call now, which counts; else the whole seconds until it may."""
        now = self._clock()
        bucket = self._buckets.setdefault(caller, _Bucket(self.per_minute, now))
        filled = bucket.left + (now - bucket.at) * self.per_minute / 60
        bucket.left, bucket.at = min(filled, self.per_minute), now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return ceil((1 - bucket.left) * 60 / self.per_minute)
