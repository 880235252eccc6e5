"""The book that `playcall demo-data` makes up."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.demo.load.scale import Scale
from bot.demo.load.signals import signal_sheet
from bot.demo.load.work import Stored, Work
from bot.models import StepStatus
from tests.support.world import make_playbook

SCALE = Scale(accounts=7, open_steps=45, signals=100, seed=1, now=datetime(2026, 3, 3, 11, tzinfo=UTC))


def test_open_steps_are_as_many_as_were_asked_for_spread_evenly() -> None:
    numbers = [SCALE.steps_of(account) for account in range(1, 8)]
    assert sum(numbers) == 45
    assert set(numbers) == {6, 7}


def test_every_open_step_has_one_thing_planned() -> None:
    playbooks = [Stored(n, make_playbook({"key": "a"}, {"key": "b"}, key=f"play-{n}")) for n in range(5)]
    rows = {sheet.table: list(sheet.rows) for sheet in Work(SCALE, playbooks).sheets(range(1, 8))}
    opened = [step[0] for step in rows["steps"] if StepStatus.OPEN in step]
    assert len(opened) == 45
    assert [touchpoint[4] for touchpoint in rows["touchpoints"]] == opened


def test_a_seed_makes_the_same_book_and_another_one_another() -> None:
    first, again, other = (list(signal_sheet(replace(SCALE, seed=seed), 0, 99).rows) for seed in (1, 1, 2))
    assert first == again != other


def test_signals_are_told_of_each_account_in_turn_the_oldest_first() -> None:
    rows = list(signal_sheet(SCALE, 0, 99).rows)
    assert [row[0] for row in rows[:8]] == [1, 2, 3, 4, 5, 6, 7, 1]
    times = [row[5] for row in rows]
    assert times == sorted(times)
    assert times[-1] < SCALE.now
