"""What the rules say of a page of accounts: a few statements for each window, then every rule of every account.

A rule acts when it begins to hold, and its firing stays open until its reason is gone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.conditions import ConditionError, holds
from bot.library.library import Library
from bot.library.measures import Measure
from bot.library.rules import Rule, Scope
from bot.library.watched_conditions import ACCOUNT, AT_START, BANDS, CONTACT, MEASURES
from bot.models import OPEN_RUNS, RuleFiring, Run, RunStatus, Step, StepStatus
from bot.signals.health_facts import Healths, among
from bot.signals.rules.facts import Exempt, Needs, Subject, Subjects, exempt_accounts, load_subjects
from bot.signals.rules.words import Numbers, rule_words
from bot.signals.windows import Measurements, load_measures

log = structlog.get_logger(__name__)

AT_A_TIME = 25  # accounts asked about before somebody else may have the event loop

Place = tuple[str, int, int | None]  # a rule's key, an account, a contact


@dataclass(frozen=True, slots=True)
class Fire:
    """A rule begins to hold: what it says is to be done, and why in words. `run_id` is the run it is about, if any."""

    rule: Rule
    account_id: int
    contact_id: int | None
    why: str
    measured: Mapping[str, float]
    run_id: int | None = None
    step_id: int | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """The reason of an open firing is gone."""

    rule: Rule
    account_id: int
    contact_id: int | None
    firing_id: int


Change = Fire | Clear


@dataclass(frozen=True, slots=True)
class OpenRun:
    run_id: int
    started_at: datetime
    by_hand: bool = False  # somebody started it, whatever the data said
    step_id: int | None = None  # the step that is to be completed, while it is open


@dataclass(frozen=True)
class Situation:
    """What has been done on these accounts so far: firings that are open, when each rule fired last, runs under way."""

    open: Mapping[Place, int] = field(default_factory=dict)
    last: Mapping[Place, datetime] = field(default_factory=dict)
    runs: Mapping[Place, OpenRun] = field(default_factory=dict)
    at_start: Mapping[Place, Mapping[Measure, float]] = field(default_factory=dict)
    exempt: Exempt = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule holds, and whether its reason is gone; both may be unknown for want of numbers."""

    holds: bool | None
    over: bool
    numbers: tuple[Numbers, ...] = ()  # of what holds
    at_start: Numbers | None = None


NOTHING = Verdict(holds=False, over=True)
UNKNOWN = Verdict(holds=None, over=False)
NOT_OVER = Verdict(holds=False, over=False)


def decide(verdict: Verdict, firing: int | None, last: datetime | None, rests_for: int, now: datetime) -> str | None:
    """`fire`, `clear` or None. A firing that is open is not repeated; one that is over, not before it has rested."""
    if firing is not None:
        return "clear" if verdict.over else None
    rested = last is None or now - last >= timedelta(days=rests_for)
    return "fire" if verdict.holds and rested else None


class Evaluation:
    """Some rules, ready to be asked of many subjects. Pure but for the log."""

    def __init__(self, rules: Iterable[Rule], library: Library) -> None:
        bands = library.health_config.bands
        self.rules = tuple(rules)
        self.bands = {"green": bands.green, "yellow": bands.yellow}
        self.overlays = {overlay.key: overlay.when for overlay in library.overlays()}
        self.failed: set[str] = set()

    def in_scope(self, scope: Scope, subject: Subject, team: frozenset[str]) -> bool:
        known = subject.account
        for allowed, name in (
            (scope.journeys, "journey"),
            (scope.segments, "segment"),
            (scope.stages, "stage"),
            (scope.touch, "touch"),
        ):
            if allowed and known.get(name) not in allowed:
                return False
        if not scope.overlays:
            return True
        facts = {ACCOUNT: {**known, "team": sorted(team)}}
        return any(_fits(self.overlays[key], facts) for key in scope.overlays if key in self.overlays)

    def ask(
        self,
        rule: Rule,
        subject: Subject,
        found: Mapping[Measure, Any],
        at_start: Mapping[Measure, float] | None = None,
        *,
        by_hand: bool = False,
    ) -> Verdict:
        """What the rule says of the subject. One that cannot be evaluated does not hold, and is told once.

        Of a run that somebody started `by_hand` it holds only once things have become so since the run began: whoever
        starts a playbook while all is well is left to it.
        """
        numbers = _numbers(rule.periods[0], found)
        facts: dict[str, Any] = {ACCOUNT: subject.account, MEASURES: numbers, BANDS: self.bands}
        if subject.contact is not None:
            facts[CONTACT] = subject.contact
        start: Numbers | None = None
        if at_start is not None:
            start = {name: at_start[measure] for name, measure in rule.periods[0].items() if measure in at_start}
            facts[AT_START] = start
        try:
            if by_hand and start and rule.condition.holds({**facts, MEASURES: start}):
                return NOTHING
            return self._verdict(rule, facts, found, start)
        except ConditionError as error:
            if rule.key not in self.failed:
                self.failed.add(rule.key)
                log.warning("rule_failed", rule=rule.key, account_id=subject.account_id, why=error.message)
            return NOT_OVER

    def _verdict(
        self, rule: Rule, facts: dict[str, Any], found: Mapping[Measure, Any], start: Numbers | None
    ) -> Verdict:
        holds_now = rule.condition.holds(facts)
        over = rule.over_when.holds(facts) is True if rule.over_when else holds_now is False
        if not holds_now:
            return NOTHING if over else UNKNOWN if holds_now is None else NOT_OVER
        numbers = (facts[MEASURES], *(_numbers(period, found) for period in rule.periods[1:]))
        held = all(rule.condition.holds({**facts, MEASURES: earlier}) for earlier in numbers[1:])
        return Verdict(held, over, numbers, start)


def _numbers(period: Mapping[str, Measure], found: Mapping[Measure, Any]) -> Numbers:
    known = {}
    for name, measure in period.items():
        measured = found.get(measure)
        if measured is not None and measured.number is not None:
            known[name] = measured.number
    return known


def _fits(when: str | None, facts: Mapping[str, Any]) -> bool:
    try:
        return holds(when, facts)
    except ConditionError:
        return False


async def find_changes(
    reader: Reader,
    library: Library,
    rules: Collection[Rule],
    account_ids: Sequence[int],
    now: datetime,
    healths: Healths | None = None,
) -> list[Change]:
    """What the rules have to do on these accounts, rule by rule in their order and there by account.

    Accounts without a CSM, archived and churned ones are left alone, and those that are exempt from the playbook that a
    rule would start or recommend.
    """
    if not rules or not account_ids:
        return []
    scope = among(account_ids)
    subjects = await load_subjects(reader, scope, Needs.of(rules), library.health_config, now, healths)
    if not subjects.accounts:
        return []
    measured = await load_rule_measures(reader, rules, subjects, now)
    situation = await load_situation(reader, rules, subjects.account_ids, now)
    evaluation = Evaluation(rules, library)
    changes: dict[str, list[Change]] = {rule.key: [] for rule in rules}
    for number, subject in enumerate((*subjects.accounts, *subjects.contacts)):
        if number % AT_A_TIME == AT_A_TIME - 1:
            await asyncio.sleep(0)
        for rule in rules:
            if rule.of_contact is (subject.contact_id is not None):
                change = _change(evaluation, rule, subject, subjects, measured, situation, now, library)
                changes[rule.key] += [change] if change else []
    return [change for rule in rules for change in changes[rule.key]]


@dataclass(frozen=True)
class Measured:
    """What was measured of accounts, and of contacts."""

    accounts: Measurements
    contacts: Measurements

    def of(self, subject: Subject) -> Mapping[Measure, Any]:
        return (self.accounts if subject.contact_id is None else self.contacts)[subject.id]


async def load_rule_measures(reader: Reader, rules: Iterable[Rule], subjects: Subjects, now: datetime) -> Measured:
    """All windows of all rules, as they stood at `now`."""
    of_accounts: dict[Measure, None] = {}
    of_contacts: dict[Measure, None] = {}
    for rule in rules:
        for period in rule.periods:
            (of_contacts if rule.of_contact else of_accounts).update(dict.fromkeys(period.values()))
    contact_ids = [subject.id for subject in subjects.contacts]
    return Measured(
        await load_measures(reader, subjects.account_ids, of_accounts, now),
        await load_measures(reader, contact_ids, of_contacts, now, of_contacts=True),
    )


def _change(
    evaluation: Evaluation,
    rule: Rule,
    subject: Subject,
    subjects: Subjects,
    measured: Measured,
    situation: Situation,
    now: datetime,
    library: Library,
) -> Change | None:
    place = (rule.key, subject.account_id, subject.contact_id)
    run = situation.runs.get(place)
    verdict = _verdict_of(evaluation, rule, subject, subjects, measured, situation, run)
    firing = situation.open.get(place)
    if firing is None and not verdict.holds:
        return None
    what = decide(verdict, firing, situation.last.get(place), rule.rests_for, now)
    if what == "clear" and firing is not None:
        return Clear(rule, subject.account_id, subject.contact_id, firing)
    if what != "fire":
        return None
    why = rule_words(rule, subject.account, subject.contact, verdict.numbers, verdict.at_start, library.metrics)
    return Fire(
        rule,
        subject.account_id,
        subject.contact_id,
        why,
        verdict.numbers[0],
        run.run_id if run else None,
        run.step_id if run else None,
    )


def _verdict_of(
    evaluation: Evaluation,
    rule: Rule,
    subject: Subject,
    subjects: Subjects,
    measured: Measured,
    situation: Situation,
    run: OpenRun | None,
) -> Verdict:
    account_id = subject.account_id
    team = subjects.teams.get(account_id, frozenset())
    if not (rule.looks_at_all or evaluation.in_scope(rule.only, subject, team)):
        return NOTHING
    if situation.exempt and (account_id, rule.then.starts_or_recommends) in situation.exempt:
        return NOTHING
    if not rule.then.works_on:
        return evaluation.ask(rule, subject, measured.of(subject))
    if run is None or (rule.then.advance and run.step_id is None):
        return NOTHING
    place = (rule.key, account_id, subject.contact_id)
    at_start = situation.at_start.get(place, {})
    return evaluation.ask(rule, subject, measured.of(subject), at_start, by_hand=run.by_hand)


# --- what was done so far ---------------------------------------------------------------------------------------------


async def load_situation(
    reader: Reader, rules: Collection[Rule], account_ids: Sequence[int], now: datetime
) -> Situation:
    scope = among(account_ids)
    playbooks = {key for rule in rules if (key := rule.then.starts_or_recommends)}
    opened, last = await _firings(reader, rules, account_ids)
    runs = await _open_runs(reader, [rule for rule in rules if rule.then.works_on], account_ids)
    return Situation(
        opened, last, runs, await _at_start(reader, rules, runs), await exempt_accounts(reader, scope, playbooks, now)
    )


async def _firings(
    reader: Reader, rules: Iterable[Rule], account_ids: Sequence[int]
) -> tuple[dict[Place, int], dict[Place, datetime]]:
    columns = (col(RuleFiring.rule_key), col(RuleFiring.account_id), col(RuleFiring.contact_id))
    which = (col(RuleFiring.account_id).in_(account_ids), col(RuleFiring.rule_key).in_([rule.key for rule in rules]))
    query = select(*columns, func.max(RuleFiring.fired_at).label("last")).where(*which).group_by(*columns)
    last = {(row.rule_key, row.account_id, row.contact_id): row.last for row in (await reader.execute(query)).all()}
    open_query = select(*columns, col(RuleFiring.id)).where(*which, col(RuleFiring.cleared_at).is_(None))
    opened = {
        (row.rule_key, row.account_id, row.contact_id): row.id for row in (await reader.execute(open_query)).all()
    }
    return opened, last


async def _open_runs(reader: Reader, rules: Sequence[Rule], account_ids: Sequence[int]) -> dict[Place, OpenRun]:
    """By rule and subject, the run that the rule is about."""
    if not rules:
        return {}
    query = (
        select(*map(col, (Run.id, Run.account_id, Run.contact_id, Run.playbook_key, Run.started_at, Run.status)))
        .add_columns(col(Run.started_by_id))
        .where(
            col(Run.account_id).in_(account_ids),
            col(Run.playbook_key).in_({rule.then.works_on for rule in rules}),
            col(Run.status).in_(OPEN_RUNS),
        )
        .order_by(col(Run.id))
    )
    rows = (await reader.execute(query)).all()
    steps = await _open_steps(reader, rules, [row.id for row in rows if row.status is RunStatus.ACTIVE])
    found: dict[Place, OpenRun] = {}
    for row in rows:
        for rule in rules:
            if rule.then.works_on == row.playbook_key:
                step = steps.get((row.id, rule.then.advance.step)) if rule.then.advance else None
                run = OpenRun(row.id, row.started_at, row.started_by_id is not None, step)
                found[rule.key, row.account_id, row.contact_id] = run
    return found


async def _open_steps(reader: Reader, rules: Sequence[Rule], run_ids: list[int]) -> dict[tuple[int, str], int]:
    keys = {rule.then.advance.step for rule in rules if rule.then.advance}
    if not keys or not run_ids:
        return {}
    query = select(col(Step.id), col(Step.run_id), col(Step.key)).where(
        and_(col(Step.run_id).in_(run_ids), col(Step.key).in_(keys), col(Step.status) == StepStatus.OPEN)
    )
    return {(row.run_id, row.key): row.id for row in (await reader.execute(query)).all()}


async def _at_start(
    reader: Reader, rules: Iterable[Rule], runs: Mapping[Place, OpenRun]
) -> dict[Place, Mapping[Measure, float]]:
    """What the measures of rules about runs came to when each run began."""
    by_key = {rule.key: rule for rule in rules}
    groups: dict[tuple[datetime, bool], list[Place]] = defaultdict(list)
    for place, run in runs.items():
        groups[run.started_at, by_key[place[0]].of_contact].append(place)
    found: dict[Place, Mapping[Measure, float]] = {}
    for (started_at, of_contact), places in groups.items():
        measures = {measure for place in places for measure in by_key[place[0]].periods[0].values()}
        ids = sorted({id_ for place in places if (id_ := _measured_id(place, of_contact)) is not None})
        measured = await load_measures(reader, ids, measures, started_at, of_contacts=of_contact)
        for place in places:
            known = measured.get(_measured_id(place, of_contact) or 0, {})
            found[place] = {measure: one.number for measure, one in known.items() if one.number is not None}
    return found


def _measured_id(place: Place, of_contact: bool) -> int | None:
    return place[2] if of_contact else place[1]


def of_accounts(changes: Iterable[Change]) -> Iterator[tuple[int, list[Change]]]:
    """The changes account by account, in the order of their ids."""
    by_account: dict[int, list[Change]] = defaultdict(list)
    for change in changes:
        by_account[change.account_id].append(change)
    yield from sorted(by_account.items())
