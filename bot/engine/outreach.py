"""What is about to reach a customer, and what speaks against it. Pure: the limits are playbooks/contacting.yaml.

A contact is a mail, a meeting or a call. Those of one playbook keep the pace that its author gave them; what is held
apart here is what different playbooks want of the same people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.engine.calendars import working_day_on_or_after
from bot.library.contacting import ContactingPolicy
from bot.library.schema import Category, Channel, StepSpec
from bot.models import StepKind, Touch

REACHING_KINDS = frozenset({StepKind.EMAIL, StepKind.MEETING})
REACHING_CHANNELS = frozenset({Channel.EMAIL, Channel.CALL, Channel.VIDEO, Channel.ON_SITE, Channel.CHAT})


@dataclass(frozen=True, slots=True)
class PastContact:
    """That an account heard from us: on which day, by which playbook and step."""

    on: date
    run_id: int
    playbook: str
    step: str


@dataclass(frozen=True, slots=True)
class Weather:
    """What is going on at an account."""

    at_risk: str | None = None  # the title of an at-risk playbook that is under way
    is_escalated: bool = False


@dataclass(frozen=True, slots=True)
class TooSoon:
    """Another playbook has just been in contact; `free_on` is the first working day on which that does not matter."""

    last: PastContact
    free_on: date


@dataclass(frozen=True, slots=True)
class Outreach:
    """One thing that is about to reach a customer. `due_on` None: no date yet."""

    step_id: int
    run_id: int
    account_id: int
    title: str
    playbook: str
    category: Category
    due_on: date | None
    contact_ids: frozenset[int] = frozenset()
    topic: str | None = None  # what a mail is about: the folder of its template
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Clash:
    """What speaks against one thing that is about to reach a customer."""

    twin: Outreach | None = None  # an earlier mail of another playbook to the same person about the same thing
    near: Outreach | None = None  # something else of another playbook within the gap before it
    too_soon: TooSoon | None = None
    waits_for: str | None = None  # why it waits, in words


def reaches_customer(kind: StepKind, spec: StepSpec) -> bool:
    """Whether doing the step is a contact with the customer."""
    return kind in REACHING_KINDS or spec.channel in REACHING_CHANNELS


def decide_gap(
    policy: ContactingPolicy, contacts: Iterable[PastContact], run_id: int, day: date, country: str
) -> TooSoon | None:
    """Whether `day` is too soon after the last contact that another playbook made. None: it is free."""
    others = [contact for contact in contacts if contact.run_id != run_id and contact.on <= day]
    last = max(others, key=lambda contact: contact.on, default=None)
    if last is None or last.on + timedelta(days=policy.gap_days) <= day:
        return None
    return TooSoon(last, working_day_on_or_after(last.on + timedelta(days=policy.gap_days), country))


def decide_limit(policy: ContactingPolicy, touch: Touch, mailed_on: Sequence[date], today: date) -> date | None:
    """From when on somebody who got mails on these days may get another one; None: now."""
    limit = policy.per_contact.of(touch)
    window = timedelta(days=limit.days)
    counted = sorted(day for day in mailed_on if day + window > today)
    return counted[-limit.mails] + window if len(counted) >= limit.mails else None


def decide_calm(policy: ContactingPolicy, category: Category, weather: Weather) -> str | None:
    """Why a playbook keeps away from the customer for now, in words; None when it need not."""
    if category is not Category.EXPANSION or not policy.expansion_waits:
        return None
    if weather.is_escalated:
        return "an escalation is open"
    return f"“{weather.at_risk}” is under way" if weather.at_risk else None


def find_clashes(
    policy: ContactingPolicy,
    planned: Sequence[Outreach],
    contacts: Mapping[int, Sequence[PastContact]],
    weather: Mapping[int, Weather],
    today: date,
    country: str,
) -> dict[int, Clash]:
    """What speaks against each of these, by step. `contacts` and `weather` are by account.

    Of two that come too close the later one gives way. What is overdue is looked at as if it went today.
    """
    in_order = sorted(planned, key=lambda one: (_day(one, today) or date.max, one.step_id))
    clashes = {}
    for place, one in enumerate(in_order):
        clash = Clash(waits_for=decide_calm(policy, one.category, weather.get(one.account_id, Weather())))
        day = _day(one, today)
        if day is not None:
            before = [other for other in in_order[:place] if _is_close(policy, other, day, one, today)]
            clash = replace(
                clash,
                twin=next((other for other in before if _is_twin(other, one)), None),
                near=before[-1] if before else None,
                too_soon=decide_gap(policy, contacts.get(one.account_id, ()), one.run_id, day, country),
            )
        if clash != Clash():
            clashes[one.step_id] = clash
    return clashes


def _day(one: Outreach, today: date) -> date | None:
    return max(one.due_on, today) if one.due_on else None


def _is_close(policy: ContactingPolicy, other: Outreach, day: date, one: Outreach, today: date) -> bool:
    other_day = _day(other, today)
    if other_day is None or other.account_id != one.account_id or other.run_id == one.run_id:
        return False
    return day < other_day + timedelta(days=max(policy.gap_days, 1))


def _is_twin(other: Outreach, one: Outreach) -> bool:
    return one.topic is not None and other.topic == one.topic and bool(one.contact_ids & other.contact_ids)
