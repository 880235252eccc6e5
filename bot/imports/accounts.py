"""Importing accounts, with who looks after them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.engine.accounts import slug
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.outbox import refresh_homes
from bot.engine.own_signals import own_signal, worth
from bot.engine.replanning import replan_other_runs
from bot.imports import values as cells
from bot.imports.bulk import blank_row, chunks, insert_rows, read_all, read_where, update_rows
from bot.imports.columns import Column
from bot.imports.importing import Advance, StartPhase
from bot.imports.people import Directory
from bot.imports.plan import Change, Plan
from bot.imports.rows import Checked, Row, RowProblem, Values
from bot.imports.serving import serve_imported
from bot.library.journeys import Journey
from bot.library.library import Library
from bot.models import (
    OPEN_RUNS,
    Account,
    AccountRole,
    Anchor,
    EntryReason,
    Member,
    MemberRole,
    Run,
    Segment,
    Signal,
    SignalKind,
    Stage,
    TimelineEntry,
    TimelineKind,
    Touch,
)

SEGMENTS = {
    "small business": Segment.SMB,
    "small": Segment.SMB,
    "mid": Segment.MID_MARKET,
    "midmarket": Segment.MID_MARKET,
    "mm": Segment.MID_MARKET,
    "commercial": Segment.MID_MARKET,
    "ent": Segment.ENTERPRISE,
    "large": Segment.ENTERPRISE,
}
STAGES = {
    "customer": Stage.ADOPTION,  # HubSpot's life-cycle has one stage for everyone who bought
    "evangelist": Stage.ADOPTION,
    "implementation": Stage.ONBOARDING,
    "former customer": Stage.CHURNED,
    "churn": Stage.CHURNED,
}
TOUCHES = {"high touch": Touch.HIGH, "low touch": Touch.LOW, "tech touch": Touch.LOW, "no touch": Touch.NONE}

ROLE_COLUMNS = {
    MemberRole.CSM: ("Customer Success Manager", "CSM email", "Company owner", "Account Owner", "Owner"),
    MemberRole.AE: ("Account Executive", "AE email", "Account Manager"),
    MemberRole.LEADER: ("CS leader", "Leader email", "Executive sponsor (ours)"),
    MemberRole.SPECIALIST: ("Onboarding specialist", "Specialist email"),
    MemberRole.SUPPORT: ("Support contact", "Support email"),
    MemberRole.FINANCE: ("Finance contact", "Finance email"),
    MemberRole.PRODUCT: ("Product contact", "Product email"),
    MemberRole.MARKETING: ("Marketing contact", "Marketing email"),
    MemberRole.RENEWAL_OWNER: ("Renewal owner", "Renewals manager", "Renewal owner email"),
    MemberRole.GUARDIAN: ("Guardian of value", "Guardian", "Guardian email"),
}
SYSTEMS = {"hubspot": ("Record ID", "Company ID", "HubSpot ID"), "salesforce": ("Account ID", "Salesforce ID")}
ATTRIBUTE = "attributes."


def account_columns(library: Library) -> Sequence[Column]:
    """The columns a file may have; stages, segments and journeys are those of the configuration."""
    return (
        Column("key", cells.parse_key, ("Account key", "Short name")),
        Column("name", cells.text_up_to(200), ("Company name", "Account Name", "Company", "Customer")),
        Column("domain", cells.parse_domain, ("Company Domain Name", "Website URL", "Website")),
        Column(
            "segment", cells.name_of(library.segments.titles, SEGMENTS), ("Customer segment", "Account Segment", "Tier")
        ),
        Column("touch", cells.choice_of(Touch, TOUCHES), ("Touch level", "Touch model")),
        Column(
            "stage",
            cells.name_of(library.stages.titles, STAGES),
            ("Lifecycle Stage", "Life-cycle stage", "Customer stage"),
        ),
        Column("maturity", cells.whole_number(1, 5), ("Maturity level",)),
        Column("journey", cells.name_of(_titles(library.journeys)), ("Customer journey",)),
        Column("entry_reason", cells.choice_of(EntryReason), ("Reason for entry",)),
        Column("industry", cells.text_up_to(120), ("Sector",)),
        Column("country", cells.parse_country, ("Country/Region", "Billing Country", "Company country")),
        Column("outcome", cells.text_up_to(500), ("Desired outcome", "Goal", "Success criteria")),
        Column(
            "arr", cells.parse_amount, ("Annual recurring revenue", "ARR value", "Contract value", "Annual Revenue")
        ),
        Column("currency", cells.parse_currency, ("Currency code", "Account Currency", "Deal currency")),
        Column("contract_start", None, ("Contract Start Date", "Start date", "Became a customer date", "Close Date")),
        Column("trial_end", None, ("Trial End Date",)),
        Column("go_live_date", None, ("Go live", "Launch date")),
        Column("renewal_date", None, ("Renewal", "Contract renewal date", "Contract End Date", "Next renewal")),
        *(Column(role.value, str, aliases) for role, aliases in ROLE_COLUMNS.items()),
        *(Column(f"{system}_id", cells.text_up_to(80), headers) for system, headers in SYSTEMS.items()),
    )


def _titles(journeys: Mapping[str, Journey]) -> dict[str, str]:
    return {key: journey.title for key, journey in journeys.items()}


class Accounts:
    """`library` is what running playbooks are re-planned with when a date moves. An import itself starts none."""

    noun = "account"
    required: Sequence[Sequence[str]] = (("name", "key"),)

    def __init__(self, library: Library) -> None:
        self.library = library
        self.columns = account_columns(library)

    def unknown_column(self, header: str) -> Column | None:
        name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")[:40]
        return Column(ATTRIBUTE + name, cells.parse_loosely) if re.match(r"[a-z]", name) else None

    def label(self, values: Values) -> str:
        return str(values.get("key") or slug(values.get("name", "")))

    def complete(self, values: Values) -> list[str]:
        values.setdefault("key", slug(values.get("name", "")))
        for column, prefix in (("external_ids", ""), ("attributes", ATTRIBUTE)):
            gathered = dict(_gathered(values, column, prefix))
            if gathered:
                values[column] = gathered
        return [] if values["key"] else ["key: none is given, and none can be made from the name"]

    def key(self, values: Values) -> str:
        return str(values["key"])

    async def plan(self, session: AsyncSession, checked: Checked) -> Plan:
        plan = Plan(problems=checked.problems)
        directory = Directory(await read_all(session, Member))
        stored = await _stored(session, [row.values["key"] for row in checked.rows])
        for row in checked.rows:
            before = stored.get(row.values["key"])
            if mistakes := [*_resolve_people(row.values, directory), *_nameless(row.values, before)]:
                plan.problems += [RowProblem(row.number, row.label, mistake) for mistake in mistakes]
                continue
            for column in ("external_ids", "attributes"):
                if before and column in row.values:
                    row.values[column] = before[column] | row.values[column]
            plan.sort_in(row, before)
        return plan

    async def follow_up(self, database: Database, plan: Plan, now: datetime, phase: StartPhase) -> None:
        """Serve the accounts as the segment table says. The day's job starts what their dates call for."""
        await serve_imported(database, self.library, plan, now, phase)

    async def apply(self, session: AsyncSession, plan: Plan, now: datetime, source: str, advance: Advance) -> None:
        blank = blank_row(Account(key="", name="", created_at=now, updated_at=now))
        await insert_rows(session, Account, [blank | _own(row.values) for row in plan.created], advance)
        moved = ((c.id, _own(c.after) | {"updated_at": now}) for c in plan.changed)
        await update_rows(session, Account, moved, advance)
        ids = await _ids(session, [row.values["key"] for row in plan.created])
        await _write_roles(session, plan, ids)
        await insert_rows(session, Signal, [*_worths(plan, ids, now)])
        await ask_for_evaluation(session, [*ids.values(), *(change.id for change in plan.changed)], now)
        blank = blank_row(TimelineEntry(account_id=0, kind=TimelineKind.ACCOUNT_ADDED, summary="", at=now))
        entries = [
            *(blank | _added(ids[row.values["key"]], row, source) for row in plan.created),
            *(blank | _changed(change, source) for change in plan.changed),
        ]
        await insert_rows(session, TimelineEntry, entries)
        await self._replan(session, plan, now)
        for members in chunks(_people_concerned(plan)):
            await refresh_homes(session, members, now)

    async def _replan(self, session: AsyncSession, plan: Plan, now: datetime) -> None:
        """Move the open steps and the milestones of accounts whose dates moved, where there are any."""
        moved = [change.id for change in plan.changed if change.after.keys() & set(Anchor)]
        for chunk in chunks(moved):
            running = select(Run.account_id).where(col(Run.account_id).in_(chunk), col(Run.status).in_(OPEN_RUNS))
            travelling = select(Account.id).where(col(Account.id).in_(chunk), col(Account.journey).is_not(None))
            found = {*(await session.exec(running)).all(), *(await session.exec(travelling)).all()}
            for account_id in sorted(found):
                await replan_other_runs(session, self.library, await session.get_one(Account, account_id), now)


# --- reading ----------------------------------------------------------------------------------------------------------


async def _stored(session: AsyncSession, keys: Sequence[str]) -> dict[str, Values]:
    """What is stored under the keys, each with its role map as fields `csm`, `ae` and so on (member ids or None)."""
    found = await read_where(session, Account, "key", keys)
    nobody: Values = {role.value: None for role in ROLE_COLUMNS}
    by_id = {account["id"]: account | nobody for account in found}
    for role in await read_where(session, AccountRole, "account_id", list(by_id)):
        by_id[role["account_id"]][role["role"].value] = role["member_id"]
    return {account["key"]: account for account in by_id.values()}


async def _ids(session: AsyncSession, keys: Sequence[str]) -> dict[str, int]:
    return {account["key"]: account["id"] for account in await read_where(session, Account, "key", keys)}


def _gathered(values: Values, column: str, prefix: str) -> Iterator[tuple[str, Any]]:
    """Take the values that belong into a JSON column out of the row."""
    names = (
        {f"{system}_id": system for system in SYSTEMS}
        if column == "external_ids"
        else {name: name.removeprefix(prefix) for name in values if name.startswith(prefix)}
    )
    for name, inner in names.items():
        if name in values:
            yield inner, values.pop(name)


def _resolve_people(values: Values, directory: Directory) -> Iterator[str]:
    """Put member ids where the file has addresses or names; yields what is wrong."""
    for role in ROLE_COLUMNS:
        if role.value in values:
            try:
                values[role.value] = directory.find(values[role.value])
            except ValueError as error:
                yield f"{role.value}: {error}"


def _nameless(values: Values, before: Values | None) -> Iterator[str]:
    if before is None and "name" not in values:
        yield "name: is empty, and there is no account with this key yet"


# --- writing ----------------------------------------------------------------------------------------------------------


def _own(values: Values) -> Values:
    """The values that are columns of the account itself."""
    return {name: value for name, value in values.items() if name not in ROLE_COLUMNS}


async def _write_roles(session: AsyncSession, plan: Plan, ids: dict[str, int]) -> None:
    given = [
        *(
            (ids[row.values["key"]], role, row.values[role.value], None)
            for row in plan.created
            for role in _roles(row.values)
        ),
        *((c.id, role, c.after[role.value], c.before[role.value]) for c in plan.changed for role in _roles(c.after)),
    ]
    new = [{"account_id": id_, "role": role, "member_id": member} for id_, role, member, before in given if not before]
    await insert_rows(session, AccountRole, new)
    replaced = {(id_, role): member for id_, role, member, before in given if before}
    rows = await read_where(session, AccountRole, "account_id", list({id_ for id_, _ in replaced}))
    held = ((row["id"], replaced.get((row["account_id"], row["role"]))) for row in rows)
    await update_rows(session, AccountRole, ((id_, {"member_id": member}) for id_, member in held if member))


def _worths(plan: Plan, ids: dict[str, int], now: datetime) -> Iterator[Values]:
    """A signal of each account that is worth something else than before."""
    for row in plan.created:
        if (after := worth(row.values.get("stage", ""), row.values.get("arr"))) is not None:
            yield own_signal(ids[row.values["key"]], SignalKind.ARR, now, number=after)
    for change in plan.changed:
        was, is_ = change.stored, {**change.stored, **change.after}
        after = worth(is_["stage"], is_["arr"])
        if after is not None and after != worth(was["stage"], was["arr"]):
            yield own_signal(change.id, SignalKind.ARR, now, number=after)


def _people_concerned(plan: Plan) -> set[int]:
    """Members whose accounts came or changed, those who got them and those who had them."""
    created = (row.values for row in plan.created)
    changed = (values for c in plan.changed for values in (c.row.values, c.before))
    found = {values.get(role.value) for values in (*created, *changed) for role in ROLE_COLUMNS}
    return {member for member in found if member is not None}


def _roles(values: Values) -> list[MemberRole]:
    return [role for role in ROLE_COLUMNS if role.value in values]


def _added(account_id: int, row: Row, source: str) -> Values:
    return {"account_id": account_id, "summary": f"imported the account from {source}", "details": {"row": row.number}}


def _changed(change: Change, source: str) -> Values:
    return {
        "account_id": change.id,
        "kind": TimelineKind.ACCOUNT_CHANGED,
        "summary": f"changed {', '.join(name.replace('_', ' ') for name in change.after)}, by importing {source}",
        "details": {name: [_json(change.before[name]), _json(value)] for name, value in change.after.items()},
    }


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | dict) else str(value)
