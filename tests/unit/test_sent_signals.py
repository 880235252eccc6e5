"""What a sender is told of a signal that cannot be taken in: one clear sentence each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.library.metrics import load_metrics
from bot.settings import ROOT
from bot.signals.sent import Checked, check_signal, read_sent

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
KNOWN = load_metrics(ROOT / "playbooks").known


def check(**fields: Any) -> Checked | str:
    sent = read_sent({"account": "acme", "kind": "active_users", "number": 10} | fields)
    return sent if isinstance(sent, str) else check_signal(sent, KNOWN, NOW, "feed")


def accepted(**fields: Any) -> Checked:
    found = check(**fields)
    assert isinstance(found, Checked), found
    return found


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": "12"}, "number: give a number such as 42 or 3.5, without quotes."),
        ({"number": True}, "number: give a number"),
        ({"number": float("nan")}, "number: give a number"),
        ({"number": float("inf")}, "number: give a number"),
        ({"number": 10**400}, "number: give a number"),
        ({"number": None}, "number is missing: give a number"),
        ({"number": -1}, "number: -1 is below the smallest active_users there can be, 0."),
        ({"kind": "nps", "number": 11, "contact": "j@a.example"}, "number: 11 is above the largest nps there can be"),
        ({"kind": "nps", "number": 7.5, "contact": "j@a.example"}, "number: 7.5 is not a whole number"),
        ({"kind": "nps", "number": 7}, "contact: nps is measured of a person"),
        ({"kind": "active_user"}, "kind: 'active_user' is not a metric (did you mean active_users?)"),
        ({"kind": "feature_use"}, "label: feature_use needs one, the feature."),
        ({"kind": "billing_state", "number": None}, "label: billing_state is told in words"),
        ({"kind": "billing_state", "label": "active"}, "number: billing_state is told in words, so leave the number"),
        ({"kind": "sentiment", "number": None, "label": "blue"}, "label: a sentiment is green, yellow, red."),
        ({"kind": "arr", "number": 3e9}, "number: an ARR is at most 2,000,000,000."),
        ({"account": ""}, "account: give the account's key, domain or external id"),
        ({"account": "a\0"}, "account: give"),
        ({"account": "a\ud800"}, "account: give"),
        ({"observed_at": "yesterday"}, "observed_at: give a time such as 2026-03-01T09:30:00Z."),
        ({"observed_at": 1_772_000_000}, "observed_at: give a time"),
        ({"observed_at": "0001-01-01T00:00:00+05:00"}, "observed_at: give a time"),
        ({"observed_at": "1969-12-31"}, "observed_at: 1969-12-31T00:00:00+00:00 is before 1970."),
        ({"observed_at": "2026-03-02T10:05:01Z"}, "observed_at: 2026-03-02T10:05:01Z is in the future (here it is"),
        ({"acount": "acme"}, "'acount' is no field of a signal: there are account, kind"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(fields: dict[str, Any], words: str) -> None:
    assert str(check(**fields)).startswith(words)


def test_what_is_no_object_is_said_to_be_none() -> None:
    assert read_sent(["acme"]) == "A signal is an object with account, kind and number."
    assert str(read_sent({"kind": "logins"})).startswith("account is missing: give the account's key")


def test_a_clock_that_is_a_little_ahead_counts_as_now_and_is_told() -> None:
    found = accepted(observed_at="2026-03-02T10:04:00Z")
    assert found.observed_at == NOW
    assert found.note == "observed_at is 240 s ahead of the clock here: taken as now."


def test_a_time_without_a_zone_is_utc_and_a_very_old_one_is_fine() -> None:
    assert accepted(observed_at="2026-03-01T09:30:00").observed_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert accepted(observed_at="2026-03-01T09:30:00+02:00").observed_at == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert accepted(observed_at="1999-01-01").observed_at == datetime(1999, 1, 1, tzinfo=UTC)


def test_the_same_fact_without_an_id_gets_the_same_id_and_another_gets_another() -> None:
    observed = {"observed_at": (NOW - timedelta(days=1)).isoformat()}
    assert accepted(**observed).key == accepted(**observed).key
    assert accepted(**observed).key != accepted(**observed, number=11).key
    assert accepted().key != accepted().key  # without a time, two readings may well be alike
    assert accepted(external_id=42).key == ("feed", "42")
