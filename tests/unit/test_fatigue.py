"""When a customer may be asked for a favour (row 1.37)."""

from datetime import date
from typing import Any

import pytest

from bot.engine.fatigue import PastAsk, Situation, decide_ask
from bot.library.advocacy import AdvocacyPolicy
from bot.models import AskStatus

JANE, JOE = 1, 2
TODAY = date(2026, 11, 20)


def asked(day: str, who: int = JANE, status: AskStatus = AskStatus.ACCEPTED, answered: str | None = None) -> PastAsk:
    return PastAsk(who, date.fromisoformat(day), status, date.fromisoformat(answered) if answered else None)


def refused(*asks: PastAsk, today: date = TODAY, policy: dict[str, Any] | None = None, **situation: Any) -> str | None:
    limits = AdvocacyPolicy.model_validate(policy or {})
    refusal = decide_ask(limits, Situation("Acme", asks, **situation), JANE, "Jane", today)
    return refusal.sentence if refusal else None


def test_who_was_never_asked_may_be_asked() -> None:
    assert refused() is None


def test_one_person_is_asked_twice_in_180_days_at_most_and_the_sentence_says_when_again() -> None:
    sentence = refused(asked("2026-06-01"), asked("2026-08-01"))
    assert sentence == "Jane was asked 2 times in the last 180 days. It is possible again from Sat 28 Nov 2026."
    assert refused(asked("2026-06-01"), asked("2026-08-01"), today=date(2026, 11, 27)) is not None
    assert refused(asked("2026-06-01"), asked("2026-08-01"), today=date(2026, 11, 28)) is None


def test_after_more_asks_than_allowed_enough_of_them_must_be_long_ago() -> None:
    sentence = refused(asked("2026-06-01"), asked("2026-07-01"), asked("2026-08-01"))
    assert sentence is not None
    assert "from Mon 28 Dec 2026" in sentence


def test_what_others_were_asked_does_not_count_for_a_person() -> None:
    assert refused(asked("2026-06-01", JOE), asked("2026-08-01", JOE)) is None


def test_an_account_has_three_asks_a_quarter_whoever_is_asked() -> None:
    asks = [asked(day, JOE) for day in ("2026-10-01", "2026-10-20", "2026-11-03")]
    assert refused(*asks) == "Acme had 3 asks this quarter. It is possible again from Fri 1 Jan 2027."
    assert refused(*asks, today=date(2027, 1, 1)) is None
    assert refused(asked("2026-09-30", JOE), *asks[1:]) is None


def test_who_said_no_is_left_alone_for_a_while() -> None:
    no = asked("2026-10-01", status=AskStatus.DECLINED, answered="2026-10-10")
    assert refused(no) == "Jane said no on 10 Oct. It is possible again from Fri 8 Jan 2027."
    assert refused(no, policy={"quiet_days_after_no": 0}) is None


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        ({"at_risk": "Usage drop"}, "“Usage drop” is running on Acme: ask when it is over."),
        ({"is_escalated": True}, "Acme has an open escalation: ask when it is resolved."),
    ],
)
def test_nobody_is_asked_while_the_account_is_in_trouble(situation: dict[str, Any], reason: str) -> None:
    assert refused(**situation) == reason
    assert refused(**situation, policy={"not_while_at_risk": False, "not_while_escalated": False}) is None


def test_the_latest_of_several_days_is_the_one_told() -> None:
    no = asked("2026-08-01", status=AskStatus.DECLINED, answered="2026-11-19")
    sentence = refused(asked("2026-06-01"), no, is_escalated=True)
    assert sentence is not None
    assert sentence.endswith("from Wed 17 Feb 2027.")
    assert "asked 2 times" in sentence
    assert "open escalation" in sentence
