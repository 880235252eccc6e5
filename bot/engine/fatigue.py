"""Whether somebody may be asked a favour now, and from when on if not. Pure: the limits are playbooks/advocacy.yaml."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.library.advocacy import AdvocacyPolicy
from bot.models import AskStatus


@dataclass(frozen=True)
class PastAsk:
    """A favour that was asked. `answered_on` is None while nobody knows what came of it."""

    contact_id: int
    asked_on: date
    status: AskStatus
    answered_on: date | None = None


@dataclass(frozen=True)
class Situation:
    """What has been asked of an account's people, and what stands against asking now."""

    account: str
    asks: Sequence[PastAsk] = ()
    at_risk: str | None = None  # the title of an at-risk playbook that is running
    is_escalated: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why not, in a sentence each, and the first day on which the dated ones no longer hold."""

    reasons: tuple[str, ...]
    until: date | None

    @property
    def sentence(self) -> str:
        again = f" It is possible again from {self.until:%a} {self.until.day} {self.until:%b %Y}." if self.until else ""
        return " ".join(self.reasons) + again


def decide_ask(policy: AdvocacyPolicy, situation: Situation, contact_id: int, name: str, today: date) -> Refusal | None:
    """None when this contact may be asked today."""
    found = [
        *_asked_often(policy, situation, contact_id, name, today),
        *_account_asked_often(policy, situation, today),
        *_said_no(policy, situation, contact_id, name, today),
        *_bad_moment(policy, situation),
    ]
    days = [day for _, day in found if day is not None]
    return Refusal(tuple(reason for reason, _ in found), max(days, default=None)) if found else None


Reason = tuple[str, date | None]


def _asked_often(
    policy: AdvocacyPolicy, situation: Situation, contact_id: int, name: str, today: date
) -> Iterator[Reason]:
    limit = policy.contact
    window = timedelta(days=limit.days)
    counted = sorted(
        ask.asked_on for ask in situation.asks if ask.contact_id == contact_id and ask.asked_on + window > today
    )
    if len(counted) >= limit.asks:
        times = "once" if len(counted) == 1 else f"{len(counted)} times"
        yield f"{name} was asked {times} in the last {limit.days} days.", counted[-limit.asks] + window


def _account_asked_often(policy: AdvocacyPolicy, situation: Situation, today: date) -> Iterator[Reason]:
    begins, ends = _quarter(today)
    number = sum(1 for ask in situation.asks if begins <= ask.asked_on < ends)
    if number >= policy.account_asks_per_quarter:
        asks = "one ask" if number == 1 else f"{number} asks"
        yield f"{situation.account} had {asks} this quarter.", ends


def _said_no(policy: AdvocacyPolicy, situation: Situation, contact_id: int, name: str, today: date) -> Iterator[Reason]:
    refusals = [
        ask.answered_on or ask.asked_on
        for ask in situation.asks
        if ask.contact_id == contact_id and ask.status is AskStatus.DECLINED
    ]
    if refusals:
        quiet_until = max(refusals) + timedelta(days=policy.quiet_days_after_no)
        if today < quiet_until:
            yield f"{name} said no on {max(refusals).day} {max(refusals):%b}.", quiet_until


def _bad_moment(policy: AdvocacyPolicy, situation: Situation) -> Iterator[Reason]:
    if policy.not_while_at_risk and situation.at_risk:
        yield f"“{situation.at_risk}” is running on {situation.account}: ask when it is over.", None
    if policy.not_while_escalated and situation.is_escalated:
        yield f"{situation.account} has an open escalation: ask when it is resolved.", None


def _quarter(day: date) -> tuple[date, date]:
    """The first day of the calendar quarter, and that of the next one."""
    month = (day.month - 1) // 3 * 3 + 1
    return date(day.year, month, 1), date(day.year + (month == 10), (month + 3) % 12, 1)
