"""The rounds of recurring playbooks that do not take place: skipped by somebody, or passed over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.periods import Round, round_of, rounds_from
from bot.engine.permissions import require_may_run_playbooks
from bot.engine.runs import cancel_run
from bot.engine.state import Team, load_team, lock_account
from bot.engine.waiting import applies
from bot.errors import InvalidInput
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.schema import Playbook, RecurringTrigger
from bot.models import OPEN_RUNS, Account, Run, SkippedOccurrence, TimelineKind

REASON_LENGTH = 2900  # the entry in the timeline says more than the reason
AHEAD = 24  # rounds looked at: as many may be skipped one after the other


@dataclass(frozen=True)
class RoundSkip:
    """`changed` is False when the round had been skipped before."""

    changed: bool
    sentence: str


@dataclass(frozen=True)
class _Calendar:
    """The rounds of a playbook on one account, and what is known about them. `today` is the CSM's."""

    playbook: Playbook
    account: Account
    trigger: RecurringTrigger
    country: str
    timezone: str
    today: date
    skipped: Collection[str]  # keys of periods
    last_started_on: date | None

    def ahead(self) -> list[Round]:
        """The present round, unless it is settled, and those that follow."""
        start = self.account.contract_start
        rounds = islice(rounds_from(self.trigger, self.today, start, self.country), AHEAD)
        return [found for found in rounds if not self._is_settled(found)]

    def after(self, skipped: Round) -> Round | None:
        """The round that takes place next when this one does not."""
        following = (found for found in self.ahead() if found.day > max(skipped.day, self.today))
        return next((found for found in following if found.period.key not in self.skipped), None)

    def _is_settled(self, found: Round) -> bool:
        if self.last_started_on and self.last_started_on >= found.period.first:
            return True
        was_there = local_date(self.account.created_at, self.timezone) <= found.day
        return found.day <= self.today and (found.period.key in self.skipped or not was_there)


async def skip_round(
    session: AsyncSession,
    library: Library,
    account_id: int,
    playbook_key: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
) -> RoundSkip:
    """Leave out one round of a recurring playbook on an account: the one under way, else the next.

    Doing it again before the skipped round's day changes nothing. Raises InvalidInput for a playbook that does not
    recur, and without a reason.
    """
    playbook = library.playbook(playbook_key)
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    require_may_run_playbooks(actor, team.roles)
    words = _reason(reason)
    calendar = await _calendar(session, playbook, account, team, now)
    run = await _open_run(session, account_id, playbook_key)
    if run is not None:
        return await _skip_open(session, library, calendar, run, actor, now, words)
    upcoming = next(iter(calendar.ahead()), None)
    if upcoming is None:
        raise InvalidInput(f"{playbook.title} has no round ahead: {account.name} has no contract start.")
    next_words = _next_words(calendar, upcoming)
    if upcoming.period.key in calendar.skipped:
        sentence = f"{_named(upcoming, playbook)} is skipped already on {account.name}. {next_words}"
        return RoundSkip(False, sentence)
    _settle(session, account_id, playbook, upcoming, words, actor, now)
    return RoundSkip(True, f"{_named(upcoming, playbook)} is skipped on {account.name}: {words} {next_words}")


async def pass_over_if_open(
    session: AsyncSession, account_id: int, playbook: Playbook, due: Round, now: datetime
) -> bool:
    """Pass over a round, for good and once, while the last one is open. Returns whether it was."""
    await lock_account(session, account_id)
    run = await _open_run(session, account_id, playbook.key)
    if run is None:
        return False
    if due.period.key not in await _skipped(session, account_id, playbook.key):
        reason = f"the last one, since {_day(run.started_on)}, is still {run.status}."
        _settle(session, account_id, playbook, due, reason, None, now)
        await session.flush()
    return True


async def _skip_open(
    session: AsyncSession, library: Library, calendar: _Calendar, run: Run, actor: Actor, now: datetime, reason: str
) -> RoundSkip:
    await cancel_run(session, library, run.id, actor, now, reason=f"skipped: {reason}")
    start = calendar.account.contract_start
    under_way = round_of(calendar.trigger, run.started_on, start, calendar.country)
    if under_way and under_way.period.key not in calendar.skipped:
        _settle(session, run.account_id, calendar.playbook, under_way, reason, actor, now)
    next_words = _next_words(calendar, under_way) if under_way else ""
    return RoundSkip(True, f"{run.title} is skipped on {calendar.account.name}: {reason} {next_words}".strip())


def _settle(
    session: AsyncSession,
    account_id: int,
    playbook: Playbook,
    skipped: Round,
    reason: str,
    actor: Actor | None,
    now: datetime,
) -> None:
    row = SkippedOccurrence(
        account_id=account_id,
        playbook_key=playbook.key,
        occurrence=skipped.period.key,
        reason=reason,
        skipped_by_id=actor.member_id if actor else None,
        created_at=now,
    )
    session.add(row)
    verb = "skipped" if actor else "passed over"
    summary = f"{verb} {skipped.name} of {playbook.title}: {reason}"
    details = {"playbook": playbook.key, "occurrence": skipped.period.key}
    record(session, TimelineKind.ROUND_SKIPPED, summary, now, account_id=account_id, actor=actor, details=details)


async def _calendar(
    session: AsyncSession, playbook: Playbook, account: Account, team: Team, now: datetime
) -> _Calendar:
    csm = team.csm
    if csm is None:
        raise InvalidInput(f"{account.name} has no CSM. Set one with `/account edit {account.key}`.")
    today = local_date(now, csm.timezone)
    query = select(func.max(Run.started_on)).where(Run.account_id == account.id, Run.playbook_key == playbook.key)
    return _Calendar(
        playbook=playbook,
        account=account,
        trigger=_trigger(playbook, account, today),
        country=csm.country,
        timezone=csm.timezone,
        today=today,
        skipped=await _skipped(session, account.id, playbook.key),
        last_started_on=(await session.exec(query)).one(),
    )


def require_recurring(playbook: Playbook, account_key: str) -> list[RecurringTrigger]:
    """The playbook's recurring triggers. Raises InvalidInput when it has none."""
    if recurring := [trigger for trigger in playbook.triggers if isinstance(trigger, RecurringTrigger)]:
        return recurring
    raise InvalidInput(
        f"{playbook.title} does not recur, so it has no round to skip. "
        f"`/playbook cancel {playbook.key} {account_key} because REASON` calls off one that is under way."
    )


def _trigger(playbook: Playbook, account: Account, today: date) -> RecurringTrigger:
    """The recurring trigger that is meant for the account; where none is, the first one."""
    recurring = require_recurring(playbook, account.key)
    facts = {"account": account_facts(account, today)}
    return next((trigger for trigger in recurring if applies(playbook, trigger.when, facts)), recurring[0])


async def _open_run(session: AsyncSession, account_id: int, playbook_key: str) -> Run | None:
    query = select(Run).where(
        Run.account_id == account_id, Run.playbook_key == playbook_key, col(Run.status).in_(OPEN_RUNS)
    )
    return (await session.exec(query)).first()


async def _skipped(session: AsyncSession, account_id: int, playbook_key: str) -> set[str]:
    query = select(SkippedOccurrence.occurrence).where(
        SkippedOccurrence.account_id == account_id, SkippedOccurrence.playbook_key == playbook_key
    )
    return set((await session.exec(query)).all())


def _reason(text: str) -> str:
    words = text.strip()
    if not words:
        raise InvalidInput("Say why it is skipped, in a few words.", field="reason")
    if len(words) > REASON_LENGTH:
        raise InvalidInput(f"That is {len(words):,} characters; the limit is {REASON_LENGTH:,}.", field="reason")
    return words if words[-1] in ".!?" else f"{words}."


def _named(skipped: Round, playbook: Playbook) -> str:
    name = skipped.name
    return f"{name[0].upper()}{name[1:]} of {playbook.title}"


def _next_words(calendar: _Calendar, skipped: Round) -> str:
    following = calendar.after(skipped)
    return f"The next one starts on {_day(following.day)}." if following else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
