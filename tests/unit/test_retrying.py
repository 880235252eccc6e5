from datetime import datetime, timedelta

import pytest

from bot.delivery.failures import describe_failure, explain
from bot.delivery.outgoing import CannotSend
from bot.delivery.refusals import NoAnswer, RateLimited, Refused
from bot.delivery.retrying import LONGEST_DELAY, PATIENCE, Fail, RetryAt, decide_retry, waited_before
from bot.models import DeliveryKind

POST = "chat.postMessage"


def test_a_rate_limit_is_waited_for_exactly_as_long_as_slack_asks(now: datetime) -> None:
    assert decide_retry(RateLimited(POST, 17), 1, now) == RetryAt(now + timedelta(seconds=17))


def test_a_rate_limit_never_ends_a_delivery(now: datetime) -> None:
    assert isinstance(decide_retry(RateLimited(POST, 17), 1000, now), RetryAt)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (10, 1024)])
def test_a_missing_answer_is_retried_after_a_doubling_time(attempts: int, seconds: int, now: datetime) -> None:
    assert decide_retry(NoAnswer(POST, "HTTP 503"), attempts, now) == RetryAt(now + timedelta(seconds=seconds))


def test_the_time_between_attempts_stops_growing(now: datetime) -> None:
    assert decide_retry(NoAnswer(POST, "HTTP 503"), 30, now) == RetryAt(now + LONGEST_DELAY)


def test_after_a_day_of_missing_answers_a_delivery_has_failed(now: datetime) -> None:
    last = next(attempt for attempt in range(1, 1000) if waited_before(attempt) >= PATIENCE)
    assert isinstance(decide_retry(NoAnswer(POST, "HTTP 503"), last - 1, now), RetryAt)
    assert decide_retry(NoAnswer(POST, "HTTP 503"), last, now) == Fail("HTTP 503")


@pytest.mark.parametrize(
    "code", ["channel_not_found", "user_not_found", "users_not_found", "account_inactive", "not_in_channel"]
)
def test_an_error_that_trying_again_cannot_mend_ends_the_delivery(code: str, now: datetime) -> None:
    assert decide_retry(Refused(POST, code), 1, now) == Fail(code)


@pytest.mark.parametrize("code", ["internal_error", "hash_conflict", "invalid_auth", "missing_scope"])
def test_what_passes_or_is_mended_elsewhere_is_retried(code: str, now: datetime) -> None:
    assert isinstance(decide_retry(Refused(POST, code), 1, now), RetryAt)


def test_a_builder_that_cannot_send_says_why(now: datetime) -> None:
    decision = decide_retry(CannotSend("no email is set up."), 1, now)
    assert decision == Fail("no email is set up.", spoken=True)
    assert explain(decision) == "no email is set up."


def test_a_failure_is_told_with_what_where_why_and_the_next_step() -> None:
    told = describe_failure(DeliveryKind.ESCALATION, "#cs-escalations", ["Acme"], Fail("not_in_channel"))
    assert told == (
        "Playcall could not deliver an escalation for Acme to #cs-escalations: "
        "Playcall is not in that channel. Invite it there with /invite."
    )


def test_a_failure_nobody_foresaw_names_slacks_code() -> None:
    assert "(msg_blocks_too_long)" in explain(Fail("msg_blocks_too_long"))
