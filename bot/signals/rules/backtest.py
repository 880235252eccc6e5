"""What a rule would have done: stored history gone through day by day, and what became of the accounts.

Only what was measured is history. The fields of accounts and contacts, who serves whom, and what health says besides
its score are as they are today; the days until a date are counted from the day that is replayed.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.facts import DATES_AHEAD
from bot.library.library import Library
from bot.library.measures import Measure
from bot.library.rules import Rule, Scope
from bot.models import (
    Account,
    AccountRole,
    HealthSnapshot,
    Member,
    MemberRole,
    Milestone,
    MilestoneStatus,
    Signal,
    SignalKind,
    Stage,
)
from bot.signals.health_facts import among
from bot.signals.rules.facts import Needs, Subject, Subjects, load_subjects
from bot.signals.rules.finding import Evaluation, Measured, Verdict, decide, load_rule_measures
from bot.signals.rules.words import rule_words

PAGE = 500
RENEWED = "renewed"  # the milestone of that key, or of a year of a journey, says that the contract was renewed
Progress = Callable[[int, int], None]
"""Told how many of how many days of pages of accounts are done."""


@dataclass(frozen=True, slots=True)
class Firing:
    """That a rule would have acted on an account, on a day (UTC)."""

    day: date
    account_id: int
    contact_id: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of an account. `health` is its latest score; `lost_on` when it churned, as far as is known."""

    account_id: int
    key: str
    name: str
    csm: str | None
    arr: int | None
    currency: str
    health: int | None
    churned: bool
    lost_on: date | None
    renewed_on: tuple[date, ...] = ()


@dataclass
class Replay:
    """A rule's backtest. `looked_at` is the number of accounts; `tasks` the steps that each firing gives the CSM."""

    rule: Rule
    since: date
    until: date
    looked_at: int = 0
    tasks: int = 0
    firings: list[Firing] = field(default_factory=list)
    fates: dict[int, Fate] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def accounts(self) -> set[int]:
        return {firing.account_id for firing in self.firings}

    def became(self) -> Counter[str]:
        """Of the accounts it would have acted on, how many churned afterwards, renewed, or are customers still."""
        first: dict[int, date] = {}
        for firing in self.firings:
            first.setdefault(firing.account_id, firing.day)
        return Counter(_became(self.fates[account_id], day) for account_id, day in first.items())

    def fate_after(self, firing: Firing) -> str:
        """`churned`, `renewed` or `customer`."""
        return _became(self.fates[firing.account_id], firing.day)

    def weekly_tasks(self) -> dict[str, float]:
        """By CSM, the tasks a week, on average over the whole time."""
        weeks = max(1.0, ((self.until - self.since).days + 1) / 7)
        count = Counter(self.fates[firing.account_id].csm or "nobody" for firing in self.firings)
        return {csm: number * self.tasks / weeks for csm, number in count.most_common()}

    def busiest_week(self) -> tuple[str, float]:
        """The CSM and the tasks of the fullest week; nobody and 0 without a firing."""
        weeks = Counter(
            (self.fates[firing.account_id].csm or "nobody", firing.day.isocalendar()[:2]) for firing in self.firings
        )
        if not weeks:
            return "nobody", 0
        (csm, _), number = weeks.most_common(1)[0]
        return csm, number * self.tasks

    def remembered(self) -> dict[str, Any]:
        """What the question to a leader shows."""
        csm, most = self.busiest_week()
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "looked_at": self.looked_at,
            "firings": len(self.firings),
            "accounts": len(self.accounts),
            "became": dict(self.became()),
            "busiest_csm": csm,
            "busiest_tasks": most,
            "examples": [self.fates[id_].name for id_ in sorted(self.accounts)[:5]],
            "remarks": list(self.remarks),
        }


def _became(fate: Fate, day: date) -> str:
    if fate.churned:
        return "churned"
    return "renewed" if any(renewed >= day for renewed in fate.renewed_on) else "customer"


async def replay_one(reader: Reader, library: Library, rule: Rule, days: int, now: datetime) -> Replay:
    """The backtest of a rule over the last days, with those that start what it ends."""
    with_it = [
        other
        for other in library.rule_book.rules.values()
        if other.key != rule.key and other.then.start and other.then.start == rule.then.works_on
    ]
    found = await replay(reader, library, [*with_it, rule], (now - timedelta(days=days)).date(), now)
    return found[-1]


async def replay(
    reader: Reader,
    library: Library,
    rules: Sequence[Rule],
    since: date,
    now: datetime,
    progress: Progress | None = None,
) -> list[Replay]:
    """What the rules would have done from a day on, each as if it had acted from then on. Writes nothing."""
    last = (await reader.execute(select(func.max(col(Account.id))))).scalar_one() or 0
    pages = [range(first, first + PAGE) for first in range(1, last + 1, PAGE)]
    days = [since + timedelta(days=number) for number in range((now.date() - since).days + 1)]
    replays = [_empty(library, rules, rule, since, now.date()) for rule in rules]
    for number, page in enumerate(pages):
        await _replay_page(reader, library, replays, list(page), days, now)
        if progress:
            progress((number + 1) * len(days), len(pages) * len(days))
    return replays


def _empty(library: Library, rules: Sequence[Rule], rule: Rule, since: date, until: date) -> Replay:
    playbook = library.catalog.playbooks.get(rule.then.start or "")
    own = sum(1 for step in playbook.steps if step.role is MemberRole.CSM) if playbook else 0
    tasks = own if playbook else 1 if rule.then.alert and rule.then.alert.to == MemberRole.CSM else 0
    return Replay(rule, since, until, tasks=tasks, remarks=tuple(_remarks(rules, rule)))


def _remarks(rules: Sequence[Rule], rule: Rule) -> Iterator[str]:
    """What of this backtest is not history."""
    if rule.asked("account") or rule.only != Scope():
        yield "fields of accounts count as they are today"
    if rule.asked("contact"):
        yield "fields of contacts count as they are today"
    ends = rule.then.works_on
    if ends and not any(other.then.start == ends for other in rules):
        yield f"no rule that was replayed with it starts {ends}, so there was no run that it could end"
    if rule.then.advance:
        yield "which steps were open on a day is not known: each run counts as if the step were"


async def _replay_page(
    reader: Reader, library: Library, replays: Sequence[Replay], ids: list[int], days: Sequence[date], now: datetime
) -> None:
    rules = [one.rule for one in replays]
    needs = Needs.of(rules)
    subjects = await load_subjects(reader, among(ids), needs, library.health_config, now, lost_too=True)
    if not subjects.accounts:
        return
    fates = await load_fates(reader, subjects.account_ids)
    page = _Page(replays, Evaluation(rules, library), library, fates)
    for one in replays:
        one.looked_at += len(subjects.accounts)
    for day in days:
        at = min(datetime.combine(day, time(23, 59, 59), now.tzinfo), now)
        measured = await load_rule_measures(reader, rules, subjects, at)
        page.live(_on_day(subjects, now.date(), day), measured, at)
        await asyncio.sleep(0)


def _on_day(subjects: Subjects, today: date, day: date) -> Subjects:
    """The subjects with the days until their dates counted from this day."""
    ago = (today - day).days

    def then(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**known, **{name: known[name] + ago for name in DATES_AHEAD if name in known}}

    return replace(
        subjects,
        accounts=tuple(Subject(one.account_id, then(one.account)) for one in subjects.accounts),
        contacts=tuple(
            Subject(one.account_id, then(one.account), one.contact_id, one.contact) for one in subjects.contacts
        ),
    )


class _Page:
    """Some accounts and what the rules have done on them so far, while their days are gone through."""

    def __init__(
        self, replays: Sequence[Replay], evaluation: Evaluation, library: Library, fates: Mapping[int, Fate]
    ) -> None:
        self.replays, self.evaluation, self.library, self.fates = replays, evaluation, library, fates
        self.open: set[tuple[str, int, int | None]] = set()
        self.last: dict[tuple[str, int, int | None], datetime] = {}
        self.runs: dict[tuple[str, int, int | None], dict[Measure, float]] = {}  # by playbook: measured at the start

    def live(self, subjects: Subjects, measured: Measured, at: datetime) -> None:
        for subject in (*subjects.accounts, *subjects.contacts):
            fate = self.fates[subject.account_id]
            if fate.lost_on and at.date() > fate.lost_on:
                continue
            team = subjects.teams.get(subject.account_id, frozenset())
            for one in self.replays:
                if one.rule.of_contact is (subject.contact_id is not None):
                    self._ask(one, subject, measured.of(subject), team, at)

    def _ask(
        self, one: Replay, subject: Subject, found: Mapping[Measure, Any], team: frozenset[str], at: datetime
    ) -> None:
        rule, place = one.rule, (one.rule.key, subject.account_id, subject.contact_id)
        verdict = self._verdict(rule, subject, found, team)
        firing = 1 if place in self.open else None
        what = decide(verdict, firing, self.last.get(place), rule.rests_for, at)
        if what == "clear":
            self.open.discard(place)
        if what == "fire":
            self.open.add(place)
            self.last[place] = at
            self._remember_run(rule, subject, found)
            metrics = self.library.metrics
            why = rule_words(rule, subject.account, subject.contact, verdict.numbers, verdict.at_start, metrics)
            one.firings.append(Firing(at.date(), subject.account_id, subject.contact_id, why))
            one.fates[subject.account_id] = self.fates[subject.account_id]

    def _verdict(self, rule: Rule, subject: Subject, found: Mapping[Measure, Any], team: frozenset[str]) -> Verdict:
        if not self.evaluation.in_scope(rule.only, subject, team):
            return Verdict(holds=False, over=True)
        if not rule.then.works_on:
            return self.evaluation.ask(rule, subject, found)
        start = self.runs.get((rule.then.works_on, subject.account_id, subject.contact_id))
        return Verdict(holds=False, over=True) if start is None else self.evaluation.ask(rule, subject, found, start)

    def _remember_run(self, rule: Rule, subject: Subject, found: Mapping[Measure, Any]) -> None:
        who = (subject.account_id, subject.contact_id)
        if rule.then.start:
            numbers = {measure: one.number for measure, one in found.items() if one.number is not None}
            self.runs.setdefault((rule.then.start, *who), numbers)
        if rule.then.exit:
            self.runs.pop((rule.then.exit, *who), None)


# --- what became of the accounts --------------------------------------------------------------------------------------


async def load_fates(reader: Reader, account_ids: Sequence[int]) -> dict[int, Fate]:
    health = await _latest_health(reader, account_ids)
    renewed = await _renewals(reader, account_ids)
    lost = await _losses(reader, account_ids)
    csms = await _csms(reader, account_ids)
    columns = ("id", "key", "name", "arr", "currency", "stage", "updated_at")
    query = select(*(col(getattr(Account, name)) for name in columns)).where(col(Account.id).in_(account_ids))
    return {
        row.id: Fate(
            row.id,
            row.key,
            row.name,
            csms.get(row.id),
            row.arr,
            row.currency,
            health.get(row.id),
            churned=row.stage == Stage.CHURNED,
            lost_on=_lost_on(row, lost.get(row.id)),
            renewed_on=tuple(renewed.get(row.id, ())),
        )
        for row in (await reader.execute(query)).all()
    }


def _lost_on(row: Row[Any], arr_ended: datetime | None) -> date | None:
    """When ARR fell to nothing; where that was not written down, when the account was changed last."""
    if row.stage != Stage.CHURNED:
        return None
    ended: datetime = arr_ended or row.updated_at
    return ended.date()


async def _latest_health(reader: Reader, account_ids: Sequence[int]) -> dict[int, int]:
    newest = (
        select(col(HealthSnapshot.account_id), func.max(HealthSnapshot.day).label("day"))
        .where(col(HealthSnapshot.account_id).in_(account_ids))
        .group_by(col(HealthSnapshot.account_id))
        .subquery()
    )
    query = select(col(HealthSnapshot.account_id), col(HealthSnapshot.score)).join(
        newest,
        (newest.c.account_id == col(HealthSnapshot.account_id)) & (newest.c.day == col(HealthSnapshot.day)),
    )
    return {row.account_id: row.score for row in (await reader.execute(query)).all()}


async def _renewals(reader: Reader, account_ids: Sequence[int]) -> dict[int, list[date]]:
    query = select(col(Milestone.account_id), col(Milestone.reached_at)).where(
        col(Milestone.account_id).in_(account_ids),
        col(Milestone.key).startswith(RENEWED, autoescape=True),
        col(Milestone.status) == MilestoneStatus.REACHED,
        col(Milestone.reached_at).is_not(None),
    )
    found: dict[int, list[date]] = defaultdict(list)
    for row in (await reader.execute(query)).all():
        found[row.account_id].append(row.reached_at.date())
    return found


async def _losses(reader: Reader, account_ids: Sequence[int]) -> dict[int, datetime]:
    query = (
        select(col(Signal.account_id), func.max(Signal.observed_at).label("at"))
        .where(col(Signal.account_id).in_(account_ids), col(Signal.kind) == SignalKind.ARR, col(Signal.number) == 0)
        .group_by(col(Signal.account_id))
    )
    return {row.account_id: row.at for row in (await reader.execute(query)).all()}


async def _csms(reader: Reader, account_ids: Sequence[int]) -> dict[int, str]:
    query = (
        select(col(AccountRole.account_id), col(Member.name))
        .join(Member, col(Member.id) == AccountRole.member_id)
        .where(col(AccountRole.account_id).in_(account_ids), col(AccountRole.role) == MemberRole.CSM)
    )
    return {row.account_id: row.name for row in (await reader.execute(query)).all()}
