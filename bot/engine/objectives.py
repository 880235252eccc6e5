"""The objectives of an account's success plan: added, changed, closed as met, missed or dropped, and opened again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.permissions import require_may_edit_account
from bot.engine.state import load_team, lock_account
from bot.engine.words import ago
from bot.errors import InvalidInput, NotFound, WrongState
from bot.models import Contact, Member, Objective, ObjectiveStatus, TimelineEntry, TimelineKind

LIMITS: Mapping[str, int] = {
    "title": 300,
    "measure": 300,
    "baseline": 100,
    "target": 100,
    "current": 100,
    "evidence": 3000,
}
PROOF: Mapping[ObjectiveStatus, str] = {
    ObjectiveStatus.MET: "Say what shows it: the number, and who on their side confirms it.",
    ObjectiveStatus.DROPPED: "Say why it is dropped, so that nobody asks again next quarter.",
}
"""What must be written to close an objective so; one that was missed may stay without words."""

GONE = "That objective is not there any more. `/account plan` shows what is current."


@dataclass(frozen=True)
class ObjectiveFields:
    """An objective as somebody entered it. At most one of the two owners is set: one of us, or a contact."""

    title: str
    measure: str | None = None
    baseline: str | None = None
    target: str | None = None
    current: str | None = None
    due_on: date | None = None
    owner_id: int | None = None
    owner_contact_id: int | None = None
    status: ObjectiveStatus = ObjectiveStatus.OPEN
    evidence: str | None = None


async def add_objective(
    session: AsyncSession, account_id: int, fields: ObjectiveFields, actor: Actor, now: datetime
) -> Objective:
    """Add an objective to the account's plan. One that is open with the same title raises InvalidInput."""
    account = await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    values = _checked(fields)
    await _require_new_title(session, account_id, values["title"])
    _require_ahead(fields.due_on, local_date(now, actor.timezone))
    await _require_owner(session, account_id, values)
    objective = Objective(account_id=account.id, **values, created_at=now, updated_at=now)
    session.add(objective)
    await session.flush()
    target = f", {_change('target', objective.target)}" if objective.target else ""
    _record(session, objective, TimelineKind.OBJECTIVE_ADDED, f"added the objective “{objective.title}”{target}", actor)
    return objective


async def update_objective(
    session: AsyncSession, objective_id: int, fields: ObjectiveFields, actor: Actor, now: datetime, *, seen: int
) -> tuple[Objective, bool]:
    """Change an objective, and tell whether anything was different.

    `seen` is the revision that the fields were entered over: when somebody has changed the objective since, WrongState
    is raised rather than their change undone.
    """
    account_id = (await session.exec(select(Objective.account_id).where(Objective.id == objective_id))).one_or_none()
    if account_id is None:
        raise NotFound(GONE)
    await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    objective = await session.get_one(Objective, objective_id, populate_existing=True)
    if objective.revision != seen:
        raise WrongState(await _changed_since(session, objective, now))
    values = _checked(fields)
    changes = {name: value for name, value in values.items() if getattr(objective, name) != value}
    if not changes:
        return objective, False
    if "title" in changes:
        await _require_new_title(session, account_id, values["title"], but=objective_id)
    if "due_on" in changes and fields.status is ObjectiveStatus.OPEN:
        _require_ahead(fields.due_on, local_date(now, actor.timezone))
    await _require_owner(session, account_id, changes)
    _change_columns(objective, changes, now)
    kind, summary = _told(objective, changes)
    _record(session, objective, kind, summary, actor, list(changes))
    await session.flush()
    return objective, True


def _checked(fields: ObjectiveFields) -> dict[str, Any]:
    """The fields as they are kept. Raises InvalidInput naming the first one to mend."""
    values = asdict(fields)
    for name, limit in LIMITS.items():
        text = (values[name] or "").strip()
        if len(text) > limit:
            raise InvalidInput(f"That is {len(text):,} characters; the limit is {limit:,}.", field=name)
        values[name] = text or None
    if not values["title"]:
        raise InvalidInput("Say in a few words what they want to reach.", field="title")
    if fields.status in PROOF and not values["evidence"]:
        raise InvalidInput(PROOF[fields.status], field="evidence")
    return values


def _require_ahead(due_on: date | None, today: date) -> None:
    if due_on is not None and due_on < today:
        raise InvalidInput("That date is past. Give today or a later day.", field="due_on")


async def _require_new_title(session: AsyncSession, account_id: int, title: str, but: int = 0) -> None:
    query = select(Objective.id).where(
        Objective.account_id == account_id,
        Objective.status == ObjectiveStatus.OPEN,
        func.lower(Objective.title) == title.lower(),
        Objective.id != but,
    )
    if (await session.exec(query)).first() is not None:
        raise InvalidInput(f"“{title}” is in the plan already, and open. Update it instead.", field="title")


async def _require_owner(session: AsyncSession, account_id: int, values: Mapping[str, Any]) -> None:
    """Whoever is made the owner must be there; one who left later stays until another is chosen."""
    if (member_id := values.get("owner_id")) is not None:
        member = await session.get(Member, member_id)
        if member is None or not member.active:
            raise InvalidInput("That person is not a member of the team any more. Pick someone else.", field="owner")
    if (contact_id := values.get("owner_contact_id")) is not None:
        contact = await session.get(Contact, contact_id)
        if contact is None or contact.account_id != account_id:
            raise InvalidInput("That contact is not there any more. Pick someone else.", field="owner")


def _change_columns(objective: Objective, changes: Mapping[str, Any], now: datetime) -> None:
    for name, value in changes.items():
        setattr(objective, name, value)
    if "status" in changes:
        objective.closed_at = None if objective.status is ObjectiveStatus.OPEN else now
    objective.revision += 1
    objective.updated_at = now


def _told(objective: Objective, changes: Mapping[str, Any]) -> tuple[TimelineKind, str]:
    """How the timeline tells of the changes: the status first, for it is what matters most."""
    name, because = f"the objective “{objective.title}”", f": {objective.evidence}" if objective.evidence else ""
    if "status" not in changes:
        shown = ", ".join(_change(field, value) for field, value in changes.items())
        return TimelineKind.OBJECTIVE_CHANGED, f"changed {name}: {shown}"
    if objective.status is ObjectiveStatus.OPEN:
        return TimelineKind.OBJECTIVE_REOPENED, f"opened {name} again"
    return TimelineKind.OBJECTIVE_CLOSED, f"closed {name} as {objective.status}{because}"


def _change(field: str, value: Any) -> str:
    name = {"due_on": "due date", "owner_id": "owner", "owner_contact_id": "owner"}.get(field, field)
    if value is None or name == "owner":
        return name
    return f"{name} {value}"


def _record(
    session: AsyncSession,
    objective: Objective,
    kind: TimelineKind,
    summary: str,
    actor: Actor,
    changed: list[str] | None = None,
) -> None:
    record(
        session,
        kind,
        summary,
        objective.updated_at,
        account_id=objective.account_id,
        actor=actor,
        details={"objective": objective.id, "revision": objective.revision, "changed": changed or []},
    )


async def _changed_since(session: AsyncSession, objective: Objective, now: datetime) -> str:
    """Who changed it last, and that nothing was saved."""
    query = (
        select(TimelineEntry, Member.name)
        .join(Member, col(Member.id) == TimelineEntry.actor_id)
        .where(
            TimelineEntry.account_id == objective.account_id,
            col(TimelineEntry.details)["objective"].as_integer() == objective.id,
        )
        .order_by(col(TimelineEntry.id).desc())
        .limit(1)
    )
    found = (await session.exec(query)).first()
    who = f" {found[1]} {found[0].summary} ({ago(found[0].at, now)})." if found else ""
    return f"“{objective.title}” has changed since you opened this, so nothing was saved.{who} Open it again."
