"""The three ways in which Slack does not do what it was asked."""

import math
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError


class SlackTrouble(Exception):
    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"{method}: {reason}")
        self.method = method
        self.reason = reason


class RateLimited(SlackTrouble):
    """Slack did nothing and asks to wait. `seconds` from now."""

    def __init__(self, method: str, seconds: float) -> None:
        super().__init__(method, "ratelimited")
        self.seconds = seconds


class Refused(SlackTrouble):
    """Slack answered with an error; `reason` is its code."""


class NoAnswer(SlackTrouble):
    """The connection broke, nobody answered in time, or Slack itself failed: it may have done it or not."""


def trouble_from(method: str, error: SlackApiError) -> SlackTrouble:
    response = error.response
    # slack_sdk hands over its own response, or aiohttp's when the body was no JSON
    status = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, Mapping) else None
    if status == 429 or code == "ratelimited":
        return RateLimited(method, _retry_after(response.headers))
    if status >= 500 or code is None:
        return NoAnswer(method, code or f"HTTP {status}")
    return Refused(method, str(code))


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds to wait; one when Slack does not say."""
    try:
        seconds = float(next(value for name, value in headers.items() if name.lower() == "retry-after"))
    except (StopIteration, ValueError):
        return 1.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 1.0
