"""Pictures of accounts: whatever the names, they come out. Row 1.46."""

from datetime import date, timedelta

import pytest

from bot.reports.drawing import draw_health, draw_timeline, near
from bot.reports.health_history import EVENTS, Happening, HealthHistory
from bot.slack.timeline_picture import Event, Mark

TODAY = date(2026, 3, 2)
PNG = b"\x89PNG\r\n\x1a\n"
NASTY = "$\\frac{1}{$ 🚀 <!channel> \x07 名前 " * 9


@pytest.mark.parametrize("happenings", [0, 1, EVENTS])
@pytest.mark.parametrize("days", [1, 180])
def test_health_is_drawn_with_what_happened(days: int, happenings: int) -> None:
    scores = tuple((TODAY - timedelta(days=days - n), n % 101) for n in range(days))
    told = tuple(Happening(scores[-1][0], NASTY) for _ in range(happenings))
    assert draw_health(HealthHistory(NASTY, scores, told, green=75, yellow=50)).startswith(PNG)


def test_the_timeline_is_drawn_with_every_kind_of_mark() -> None:
    events = [Event(f"{NASTY}{mark}", TODAY + timedelta(days=n), mark) for n, mark in enumerate(Mark)]
    assert draw_timeline(NASTY, events, TODAY).startswith(PNG)


def test_what_lies_far_from_today_is_not_drawn() -> None:
    events = [Event("Far", TODAY + timedelta(days=days), Mark.DONE) for days in (-400, -30, 30, 400)]
    assert [(event.on - TODAY).days for event in near(events, TODAY)] == [-30, 30]
