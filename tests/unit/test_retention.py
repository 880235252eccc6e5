"""Retention, expansion and chances of renewal, worked out from histories written by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.reports.leading.renewals import ENOUGH, ENOUGH_OF_BAND, RULE, chance_by_past, chance_by_rule
from bot.reports.leading.retention import expanded, expansion, retention
from bot.reports.leading.worth import WorthHistory
from bot.settings import ROOT
from bot.signals.health import Band
from bot.slack.leading.renewals import HOW

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
OLD = date(2024, 1, 1)


def history(*changes: tuple[int, int], currency: str = "USD") -> WorthHistory:
    """Changes as (days ago, revenue from then on)."""
    return WorthHistory(currency, [(NOW - timedelta(days=days), amount) for days, amount in changes])


def test_retention_counts_who_grew_who_shrank_and_who_left() -> None:
    """Row 4.4: 400 a year ago; 150 + 50 + 0 now of the first three, and a new customer who does not count."""
    worths = {
        1: history((500, 100), (40, 150)),
        2: history((500, 100), (40, 50)),
        3: history((500, 200), (40, 0)),
        4: history((100, 900)),
    }
    found = retention(worths, dict.fromkeys((1, 2, 3), OLD) | {4: date(2025, 12, 1)}, NOW)
    assert found is not None
    assert (found.customers, found.kept, found.unknown) == (3, 2, 0)
    assert (found.gross, found.net) == ({"USD": 37.5}, {"USD": 50.0})
    assert round(found.logos) == 67


def test_retention_keeps_currencies_apart_and_says_what_is_not_known() -> None:
    worths = {
        1: history((500, 100)),
        2: history((500, 80), (5, 40), currency="EUR"),
        3: history((10, 70)),
        4: history(),
    }
    found = retention(worths, dict.fromkeys((1, 2, 3), OLD) | {4: None}, NOW)  # the last has never paid
    assert found is not None
    assert found.net == {"USD": 100.0, "EUR": 50.0}
    assert found.unknown == 1


def test_retention_over_a_short_record_says_over_how_long() -> None:
    assert retention({1: history((20, 100))}, {1: OLD}, NOW) is None
    found = retention({1: history((90, 100))}, {1: OLD}, NOW)
    assert found is not None
    assert (NOW - found.since).days == 90


def test_expansion_after_the_first_renewal_compares_with_the_day_of_it() -> None:
    """Row 4.3."""
    worths = {
        1: history((700, 100), (100, 120)),  # grew since
        2: history((700, 100)),  # pays the same
        3: history((700, 100), (400, 0)),  # left before it
        4: history((50, 100)),  # not known of then
        5: history((200, 100), (10, 300)),  # has not renewed yet
    }
    starts = dict.fromkeys((1, 2, 3, 4), (NOW - timedelta(days=700)).date()) | {5: (NOW - timedelta(days=200)).date()}
    found = expanded(worths, starts, NOW)
    assert (found.customers, found.grown, found.unknown) == (2, 1, 1)


def test_the_pace_of_expansion_counts_increases_of_customers_only() -> None:
    """Row 4.19."""
    worths = {1: history((200, 100), (50, 130), (20, 120)), 2: history((30, 500)), 3: history((90, 0), (30, 70))}
    assert expansion(worths, worths, NOW - timedelta(days=60), NOW) == {"USD": 30}


@pytest.mark.parametrize(
    ("band", "sentiment", "escalated", "sponsor", "percent"),
    [
        (Band.GREEN, "green", False, True, 95),
        (Band.YELLOW, "yellow", False, False, 70),
        (Band.RED, "red", True, False, 15),
        (Band.UNKNOWN, None, False, True, 80),
    ],
)
def test_the_rule_for_renewals_tells_its_reasons(
    band: Band, sentiment: str | None, escalated: bool, sponsor: bool, percent: int
) -> None:
    """Row 4.19: never a number without what it goes by."""
    chance = chance_by_rule(band, sentiment=sentiment, is_escalated=escalated, has_sponsor=sponsor)
    assert chance.percent == percent
    assert chance.reasons[0].startswith("unknown health" if band is Band.UNKNOWN else f"{band} health")


def test_past_renewals_are_gone_by_only_when_there_are_enough() -> None:
    """Row 4.19."""
    assert chance_by_past(Band.GREEN, {Band.GREEN: (18, 19)}) is None
    past = {Band.GREEN: (18, 19), Band.RED: (1, 4)}
    assert chance_by_past(Band.RED, past) is None
    chance = chance_by_past(Band.GREEN, past)
    assert chance is not None
    assert (chance.percent, chance.reasons) == (
        95,
        ("18 of 19 past renewals came off with green health 90 days before",),
    )


def test_the_rule_is_told_as_it_is() -> None:
    """Row 4.47: beside the numbers, and in the docs."""
    green, yellow, red = RULE[Band.GREEN], RULE[Band.YELLOW], RULE[Band.RED]
    assert f"green health {green}, yellow or unknown {yellow}, red {red}" in HOW
    assert f"Until there are {ENOUGH} of them" in HOW
    docs = (ROOT / "docs" / "reports.md").read_text("utf-8")
    assert f"| green health | {green} |\n| yellow or unknown health | {yellow} |\n| red health | {red} |" in docs
    assert f"With {ENOUGH} past renewals" in docs
    assert f"at least {ENOUGH_OF_BAND} of them" in docs
