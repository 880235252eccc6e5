"""The interruption budget. Row 4.45."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.engine.interrupting import decide_wait
from bot.errors import ConfigurationError
from bot.library.interruptions import AtOnce, Interruptions, load_interruptions
from bot.models import Member, MemberRole, Severity
from bot.settings import ROOT

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
NIGHT = datetime(2026, 3, 6, 22, tzinfo=UTC)  # a Friday
TUESDAY_9 = datetime(2026, 3, 3, 9, tzinfo=UTC)
NEXT_MONDAY_9 = datetime(2026, 3, 9, 9, tzinfo=UTC)
ANA = Member(name="Ana", email="ana@ours.example", role=MemberRole.CSM, timezone="UTC", country="GB", created_at=MONDAY)


def test_the_shipped_budget_loads() -> None:
    assert load_interruptions(ROOT / "playbooks") == Interruptions()


@pytest.mark.parametrize(
    ("severity", "told", "now", "when"),
    [
        (Severity.CRITICAL, 99, NIGHT, None),
        (Severity.HIGH, 4, MONDAY, None),
        (Severity.HIGH, 5, MONDAY, TUESDAY_9),
        (Severity.MEDIUM, 2, MONDAY, TUESDAY_9),
        (Severity.LOW, 0, MONDAY, TUESDAY_9),
        (Severity.HIGH, 0, NIGHT, NEXT_MONDAY_9),
        (Severity.HIGH, 0, MONDAY - timedelta(hours=4), MONDAY - timedelta(hours=1)),
    ],
)
def test_what_does_not_come_at_once_waits_for_the_next_working_morning(
    severity: Severity, told: int, now: datetime, when: datetime | None
) -> None:
    assert decide_wait(Interruptions(), severity, told, ANA, now) == when


def test_a_team_may_be_interrupted_at_any_hour_and_less_often() -> None:
    budget = Interruptions(at_once_a_day=AtOnce(high=1), at_any_hour=[Severity.HIGH])
    assert decide_wait(budget, Severity.HIGH, 0, ANA, NIGHT) is None
    assert decide_wait(budget, Severity.HIGH, 1, ANA, NIGHT) == NEXT_MONDAY_9


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("at_once_a_day:\n  critical: 1\n", "interruptions.yaml:2 at_once_a_day.critical: not a field"),
        ("at_once_a_day:\n  high: many\n", "interruptions.yaml:2 at_once_a_day.high"),
        ("at_any_hour: [critical]\n", "interruptions.yaml:1 at_any_hour[0]"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "interruptions.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_interruptions(tmp_path)
    assert complaint in raised.value.message
