"""The account card: everything to know of an account before one speaks to it, in one statement besides the head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, case, func, select
from sqlmodel import col

from bot.db import Reader
from bot.models import (
    Account,
    AdvocateStatus,
    Contact,
    Member,
    Milestone,
    MilestoneKind,
    MilestoneStatus,
    Note,
    Objective,
    ObjectiveStatus,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from bot.models.columns import constant
from bot.prepared import Prepared
from bot.reports.account_head import AccountHead
from bot.reports.parts import part, together

NOTES = 3

_UNCOUNTED = (StepStatus.NOT_APPLICABLE, StepStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class ContactLine:
    name: str
    email: str
    title: str | None
    roles: tuple[str, ...]
    nps: int | None
    advocate: AdvocateStatus | None


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    title: str
    key: str
    kind: MilestoneKind
    status: MilestoneStatus
    target_date: date | None
    reached_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunLine:
    title: str
    status: RunStatus
    done: int
    steps: int


@dataclass(frozen=True, slots=True)
class NoteLine:
    author: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanLine:
    """How far the success plan is. Objectives that were dropped do not count."""

    met: int
    total: int
    next_due: date | None


@dataclass(frozen=True, slots=True)
class AccountCard:
    account: AccountHead
    outcome: str | None
    industry: str | None
    country: str | None
    maturity: int | None
    contacts: tuple[ContactLine, ...]
    milestones: tuple[MilestoneLine, ...]
    plan: PlanLine
    runs: tuple[RunLine, ...]
    notes: tuple[NoteLine, ...]


async def read_account_card(reader: Reader, account: AccountHead) -> AccountCard:
    rows: dict[str, list[Any]] = {}
    for row in await _CARD.rows(reader, {"account_id": account.id}):
        rows.setdefault(row.part, []).append(row)
    more = rows["account"][0]
    return AccountCard(
        account=account,
        outcome=more.title,
        industry=more.about,
        country=more.kind,
        maturity=more.number,
        contacts=tuple(_contact(row) for row in rows.get("contact", ())),
        milestones=tuple(_milestone(row) for row in rows.get("milestone", ())),
        plan=_plan(rows["plan"][0]),
        runs=tuple(RunLine(row.title, RunStatus(row.state), row.number, row.total) for row in rows.get("run", ())),
        notes=_notes(rows.get("note", ())),
    )


def _contact(row: Any) -> ContactLine:
    return ContactLine(row.title, row.about, row.kind, tuple(row.data or ()), row.number, _advocate(row.state))


def _advocate(state: str | None) -> AdvocateStatus | None:
    return AdvocateStatus(state) if state else None


def _milestone(row: Any) -> MilestoneLine:
    return MilestoneLine(row.title, row.about, MilestoneKind(row.kind), MilestoneStatus(row.state), row.day, row.at)


def _plan(row: Any) -> PlanLine:
    return PlanLine(row.number or 0, row.total or 0, row.day)


def _notes(rows: Iterable[Any]) -> tuple[NoteLine, ...]:
    return tuple(NoteLine(row.person, row.title, row.at) for row in sorted(rows, key=lambda row: row.at, reverse=True))


# --- the statement ----------------------------------------------------------------------------------------------------


def _statement() -> Any:
    account_id: Any = bindparam("account_id")
    return together(
        _account_part(account_id),
        _contacts_part(account_id),
        _milestones_part(account_id),
        _plan_part(account_id),
        _runs_part(account_id),
        _notes_part(account_id),
    )


def _account_part(account_id: Any) -> Any:
    return part(
        "account",
        id=col(Account.id),
        title=col(Account.outcome),
        about=col(Account.industry),
        kind=col(Account.country),
        number=col(Account.maturity),
    ).where(col(Account.id) == account_id)


def _contacts_part(account_id: Any) -> Any:
    return part(
        "contact",
        id=col(Contact.id),
        title=col(Contact.name),
        about=col(Contact.email),
        kind=col(Contact.title),
        state=col(Contact.advocate),
        number=col(Contact.nps),
        data=col(Contact.roles),
    ).where(col(Contact.account_id) == account_id)


def _milestones_part(account_id: Any) -> Any:
    return part(
        "milestone",
        id=col(Milestone.id),
        title=col(Milestone.title),
        about=col(Milestone.key),
        kind=col(Milestone.kind),
        state=col(Milestone.status),
        day=col(Milestone.target_date),
        at=col(Milestone.reached_at),
    ).where(col(Milestone.account_id) == account_id)


def _plan_part(account_id: Any) -> Any:
    """One row, also without objectives."""
    status, due_on = col(Objective.status), col(Objective.due_on)
    met = case((status == constant(ObjectiveStatus.MET), 1), else_=0)
    return part(
        "plan",
        number=func.sum(met),
        total=func.count(),
        day=func.min(case((status == constant(ObjectiveStatus.OPEN), due_on))),
    ).where(col(Objective.account_id) == account_id, status != constant(ObjectiveStatus.DROPPED))


def _runs_part(account_id: Any) -> Any:
    """Open runs. Steps that turned out not to apply count neither as finished nor as steps."""
    status = col(Step.status)
    finished = case((status.in_([constant(StepStatus.DONE), constant(StepStatus.SKIPPED)]), 1), else_=0)
    counted = case((status.in_([constant(one) for one in _UNCOUNTED]), 0), else_=1)
    return (
        part(
            "run",
            id=col(Run.id),
            title=col(Run.title),
            state=col(Run.status),
            number=func.sum(finished),
            total=func.sum(counted),
        )
        .select_from(Run)
        .join(Step, col(Step.run_id) == Run.id)
        .where(
            col(Run.account_id) == account_id,
            col(Run.status).in_([constant(RunStatus.ACTIVE), constant(RunStatus.PAUSED)]),
        )
        .group_by(col(Run.id), col(Run.title), col(Run.status))
    )


def _notes_part(account_id: Any) -> Any:
    newest = (
        select(col(Note.id))
        .where(col(Note.account_id) == account_id)
        .order_by(col(Note.created_at).desc())
        .limit(NOTES)
    )
    return (
        part("note", id=col(Note.id), title=col(Note.body), person=col(Member.name), at=col(Note.created_at))
        .select_from(Note)
        .join(Member, col(Member.id) == Note.author_id)
        .where(col(Note.id).in_(newest))
    )


_CARD = Prepared(_statement)
