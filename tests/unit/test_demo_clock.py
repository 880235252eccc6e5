from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.timekeeping import KeptClock, opening_time, spell
from bot.errors import InvalidInput
from handlers.commands.clock import parse_distance

LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("text", "distance"),
    [
        ("", None),
        ("show", None),
        ("advance 3d", timedelta(days=3)),
        ("advance 2w", timedelta(weeks=2)),
        ("ADVANCE 120D", timedelta(days=120)),
        ("advance  5 h", timedelta(hours=5)),
    ],
)
def test_clock_command_reads_how_far_to_wind(text: str, distance: timedelta | None) -> None:
    assert parse_distance(text) == distance


@pytest.mark.parametrize("text", ["back 3d", "advance", "advance -3d", "advance 3", "advance 3m", "advance three days"])
def test_clock_command_answers_what_it_does_not_understand_with_its_usage(text: str) -> None:
    with pytest.raises(InvalidInput, match="/clock advance 3d"):
        parse_distance(text)


@pytest.mark.parametrize("text", ["advance 0d", "advance 731d", "advance 99999w"])
def test_clock_is_wound_neither_by_nothing_nor_out_of_sight(text: str) -> None:
    with pytest.raises(InvalidInput, match="at most two years"):
        parse_distance(text)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23T11:30", "2026-11-23T11:30"),  # a working day
        ("2026-11-23T06:00", "2026-11-23T10:00"),  # before work
        ("2026-11-23T17:00", "2026-11-24T10:00"),  # after work
        ("2026-11-20T22:00", "2026-11-23T10:00"),  # Friday night
        ("2026-12-24T19:00", "2026-12-29T10:00"),  # the Christmas holidays; the 26th is a Saturday
    ],
)
def test_demo_opens_when_its_people_are_at_work(now: str, opens: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert opening_time(at, LONDON) == datetime.fromisoformat(opens).replace(tzinfo=UTC)


def test_clock_that_was_wound_is_as_far_ahead_after_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "clock.json"
    before = KeptClock(kept)
    before.set(before.now() + timedelta(days=3))
    assert KeptClock(kept).offset == before.offset


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"offset_seconds": "soon"}'])
def test_clock_that_cannot_be_read_starts_at_the_real_time(content: str, tmp_path: Path) -> None:
    kept = tmp_path / "clock.json"
    kept.write_text(content)
    assert KeptClock(kept).offset == timedelta()


def test_moments_are_spelled_in_the_reader_s_time() -> None:
    assert spell(datetime(2026, 7, 2, 8, tzinfo=UTC), LONDON) == "Thu 2 Jul 2026, 09:00"
