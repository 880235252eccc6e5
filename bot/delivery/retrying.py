"""What becomes of a delivery that could not be sent: pure decisions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.delivery.mail_refusals import MailRefused, MailTrouble
from bot.delivery.outgoing import CannotSend
from bot.delivery.refusals import NoAnswer, RateLimited, Refused
from bot.errors import NotFound

FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=30)
PATIENCE = timedelta(hours=24)

# Slack failed, or what was sent was out of date and is built anew.
PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "hash_conflict", "team_added_to_org"}
)
# Nothing is wrong with the message: it goes out when whoever runs Playcall has mended the token.
CREDENTIALS = frozenset(
    {"invalid_auth", "not_authed", "token_expired", "token_revoked", "missing_scope", "no_permission", "access_denied"}
)


@dataclass(frozen=True, slots=True)
class RetryAt:
    when: datetime


@dataclass(frozen=True, slots=True)
class Fail:
    """`reason` is Slack's error code, or a sentence when `spoken`. `bounced`: nobody has the address a mail went to."""

    reason: str
    spoken: bool = False
    bounced: bool = False


def decide_retry(error: Exception, attempts: int, now: datetime) -> RetryAt | Fail:
    """`attempts` counts the present one. Gives up when the waiting so far comes to a day."""
    match error:
        case RateLimited():
            return RetryAt(now + timedelta(seconds=error.seconds))
        case CannotSend() | NotFound():
            return Fail(error.message, spoken=True)
        case Refused() if not may_pass(error):
            return Fail(error.reason)
        case MailRefused():
            return Fail(f"{error.reason}.", spoken=True, bounced=error.bounced)
    if waited_before(attempts) >= PATIENCE:
        return _given_up(error)
    return RetryAt(now + delay_after(attempts))


def may_pass(refusal: Refused) -> bool:
    return refusal.reason in PASSING | CREDENTIALS


def delay_after(attempts: int) -> timedelta:
    """2, 4, 8 ... seconds, at most half an hour."""
    doublings = min(attempts - 1, 20)  # enough for any attempt, and never too large a number for a timedelta
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def waited_before(attempts: int) -> timedelta:
    return sum((delay_after(attempt) for attempt in range(1, attempts)), timedelta())


def _given_up(error: Exception) -> Fail:
    if isinstance(error, MailTrouble):
        return Fail(f"the mail server did not take it for a day ({error.reason}).", spoken=True)
    return Fail(error.reason if isinstance(error, NoAnswer | Refused) else type(error).__name__)
