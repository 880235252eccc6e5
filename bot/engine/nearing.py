"""Which playbooks are due to start because a date has come near: found by queries, without a transaction.

"Today" is the day it is for the account's CSM. The queries look from the first day it is anywhere to the last, and the
rows they find are decided on one by one, so that no account is started a day late or a day early.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date, shift
from bot.engine.periods import Round, round_of
from bot.engine.waiting import applies, waiting
from bot.library.facts import ACCOUNT_COLUMNS, account_facts
from bot.library.library import Library
from bot.library.offsets import Unit
from bot.library.quarters import quarter_end
from bot.library.schema import AnchorTrigger, Playbook, QuarterEndTrigger, RecurringTrigger
from bot.models import Account, AccountRole, Member, MemberRole, Run, SkippedOccurrence, Stage

PAGE = 100  # accounts looked at in one go, so that nobody else waits long for the event loop
FARTHEST_WEST, FARTHEST_EAST = timedelta(hours=-12), timedelta(hours=14)  # of UTC, where anybody lives
COLUMNS = ("id", *ACCOUNT_COLUMNS, "attributes", "created_at")
LONGEST_HOLIDAYS = timedelta(days=14)  # by which a business day may be earlier than weekends alone make it


@dataclass(frozen=True)
class Due:
    """A playbook to start on an account, and the date that has come near: it is started once for that.

    `round` is there for a recurring playbook: a run that somebody started since it began is that round, too.
    """

    account_id: int
    playbook: Playbook
    reason: str
    round: Round | None = None

    @property
    def trigger_key(self) -> str:
        return trigger_key(self.playbook, self.account_id, self.reason)


@dataclass(frozen=True)
class _Search:
    """What one trigger looks for: the accounts to look at, and the reason to start on one, if there is one."""

    playbook: Playbook
    condition: str | None
    candidates: ColumnElement[bool]
    reason: Callable[[Any, date], "str | Round | None"]


def trigger_key(playbook: Playbook, account_id: int, reason: str) -> str:
    return f"{playbook.key}:{account_id}:{reason}"


async def find_due(
    reader: Reader, library: Library, now: datetime, among: Collection[int] | None = None
) -> AsyncIterator[list[Due]]:
    """What is due to start, a page of accounts at a time: on any account, or on those among some.

    Only accounts with a CSM count, that are neither archived nor churned. A date that is past starts nothing, and
    neither does one for which the playbook was started already, by whatever or whomever: moving a renewal by some
    weeks does not start its playbook a second time. The end of a quarter is such a date too.

    Of a recurring playbook only the present round is due, whatever was missed while everything was down; not one that
    was skipped, nor one whose day was before the account was there.
    """
    for search in _searches(library, now):
        last = 0
        while rows := (await reader.execute(_page(search.candidates, last, among))).all():
            last = rows[-1].id
            yield await _not_started(reader, [due for row in rows if (due := _decide(search, row, now))])


def _searches(library: Library, now: datetime) -> Iterator[_Search]:
    first, last = (now + FARTHEST_WEST).date(), (now + FARTHEST_EAST).date()
    for playbook, anchored in waiting(library, AnchorTrigger):
        yield _anchor_search(playbook, anchored, first, last)
    for playbook, quarterly in waiting(library, QuarterEndTrigger):
        for day in sorted({quarter_end(first), quarter_end(last)}):
            if shift(day, quarterly.offset, "") <= last:
                yield _quarter_search(playbook, quarterly, day)
    for playbook, recurring in waiting(library, RecurringTrigger):
        if candidates := _recurring_candidates(playbook, recurring, first, last):
            yield _Search(playbook, recurring.when, and_(*candidates), _round_reason(recurring))


def _anchor_search(playbook: Playbook, trigger: AnchorTrigger, first: date, last: date) -> _Search:
    column = col(getattr(Account, trigger.anchor))
    since = first - max(abs(_ahead(trigger, first)), timedelta(days=30))

    def reason(account: Any, today: date) -> str | None:
        day: date = getattr(account, trigger.anchor)
        earliest, latest = _window(trigger, today)
        return f"{trigger.anchor}:{day}" if earliest <= day <= latest else None

    near = column.between(_window(trigger, first)[0], _window(trigger, last)[1])
    return _Search(playbook, trigger.when, and_(near, ~_started_since(playbook, since)), reason)


def _ahead(trigger: AnchorTrigger, today: date) -> timedelta:
    """How long before its date the playbook starts; negative when it starts after it."""
    return today - shift(today, trigger.offset, "")


def _window(trigger: AnchorTrigger, today: date) -> tuple[date, date]:
    """The dates for which it is time today."""
    ahead = _ahead(trigger, today)
    latest = today + ahead
    return (today if ahead > timedelta() else latest - timedelta(days=30)), latest


def _quarter_search(playbook: Playbook, trigger: QuarterEndTrigger, day: date) -> _Search:
    begins = shift(day, trigger.offset, "")

    def reason(_: Any, today: date) -> str | None:
        return f"quarter:{day}" if begins <= today and quarter_end(today) == day else None

    return _Search(playbook, trigger.when, ~_started_since(playbook, begins), reason)


def _recurring_candidates(
    playbook: Playbook, trigger: RecurringTrigger, first: date, last: date
) -> list[ColumnElement[bool]]:
    """The accounts to look at; empty while the round's day has not come anywhere."""
    if trigger.of == "contract":
        return [col(Account.contract_start) <= last]
    rounds = [found for day in (first, last) if (found := round_of(trigger, day, None, ""))]
    earliest = min(found.day for found in rounds)
    if trigger.day.unit is Unit.BUSINESS_DAYS:
        earliest -= LONGEST_HOLIDAYS
    return [~_started_since(playbook, rounds[-1].period.first)] if earliest <= last else []


def _round_reason(trigger: RecurringTrigger) -> Callable[[Any, date], Round | None]:
    def reason(account: Any, today: date) -> Round | None:
        found = round_of(trigger, today, account.contract_start, account.csm_country)
        was_there = found and local_date(account.created_at, account.timezone) <= found.day
        return found if found and was_there and found.day <= today else None

    return reason


def _started_since(playbook: Playbook, day: date) -> ColumnElement[bool]:
    return exists().where(
        col(Run.account_id) == Account.id, col(Run.playbook_key) == playbook.key, col(Run.started_on) >= day
    )


def _page(candidates: ColumnElement[bool], after: int, among: Collection[int] | None) -> Select[Any]:
    query = served(candidates, col(Account.id) > after).limit(PAGE)
    return query if among is None else query.where(col(Account.id).in_(among))


def served(*which: ColumnElement[bool]) -> Select[Any]:
    """Accounts that somebody serves, in the order of their ids: with a CSM, neither archived nor churned."""
    return ever_served(*which, col(Account.archived).is_(False), col(Account.stage) != Stage.CHURNED)


def ever_served(*which: ColumnElement[bool]) -> Select[Any]:
    """The same, with those that are archived or have churned."""
    is_csm = and_(col(AccountRole.account_id) == Account.id, col(AccountRole.role) == MemberRole.CSM)
    return (
        select(
            *(getattr(Account, name) for name in COLUMNS),
            col(Member.timezone),
            col(Member.country).label("csm_country"),
        )
        .join(AccountRole, is_csm)
        .join(Member, and_(col(Member.id) == AccountRole.member_id, col(Member.active)))
        .where(*which)
        .order_by(col(Account.id))
    )


def _decide(search: _Search, account: Any, now: datetime) -> Due | None:
    today = local_date(now, account.timezone)
    reason = search.reason(account, today)
    if reason is None or not applies(search.playbook, search.condition, {"account": account_facts(account, today)}):
        return None
    if isinstance(reason, Round):
        return Due(account.id, search.playbook, reason.period.key, reason)
    return Due(account.id, search.playbook, reason)


async def _not_started(reader: Reader, found: list[Due]) -> list[Due]:
    if not found:
        return []
    keys = [due.trigger_key for due in found]
    query = select(col(Run.trigger_key)).where(col(Run.trigger_key).in_(keys))
    started = set((await reader.execute(query)).scalars())
    left = [due for due in found if due.trigger_key not in started]
    return await _without_settled_rounds(reader, left) if any(due.round for due in left) else left


async def _without_settled_rounds(reader: Reader, found: list[Due]) -> list[Due]:
    """Those whose round was neither started by somebody nor skipped. All are of one playbook."""
    accounts, key = [due.account_id for due in found], found[0].playbook.key
    since = min(due.round.period.first for due in found if due.round)
    runs = select(col(Run.account_id), col(Run.started_on)).where(
        col(Run.account_id).in_(accounts), col(Run.playbook_key) == key, col(Run.started_on) >= since
    )
    started: dict[int, date] = {}
    for row in (await reader.execute(runs.order_by(col(Run.started_on)))).all():
        started[row.account_id] = row.started_on
    skips = select(col(SkippedOccurrence.account_id), col(SkippedOccurrence.occurrence)).where(
        col(SkippedOccurrence.account_id).in_(accounts), col(SkippedOccurrence.playbook_key) == key
    )
    skipped = {(row.account_id, row.occurrence) for row in (await reader.execute(skips)).all()}
    return [
        due
        for due in found
        if (due.account_id, due.reason) not in skipped
        if due.round is None or started.get(due.account_id, date.min) < due.round.period.first
    ]
