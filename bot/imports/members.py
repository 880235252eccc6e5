"""Importing members: the people on our side."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.imports import values as cells
from bot.imports.bulk import blank_row, insert_rows, read_all, update_rows
from bot.imports.columns import Column
from bot.imports.importing import Advance, StartPhase
from bot.imports.names import NAME_COLUMNS, join_name
from bot.imports.plan import Plan
from bot.imports.rows import Checked, RowProblem, Values
from bot.models import Member, MemberRole

ROLES = {
    "customer success manager": MemberRole.CSM,
    "account executive": MemberRole.AE,
    "account manager": MemberRole.AE,
    "cs leader": MemberRole.LEADER,
    "head of customer success": MemberRole.LEADER,
    "onboarding specialist": MemberRole.SPECIALIST,
    "implementation specialist": MemberRole.SPECIALIST,
    "support engineer": MemberRole.SUPPORT,
    "billing": MemberRole.FINANCE,
    "product manager": MemberRole.PRODUCT,
    "product specialist": MemberRole.PRODUCT,
    "marketing manager": MemberRole.MARKETING,
    "renewals manager": MemberRole.RENEWAL_OWNER,
    "renewal owner": MemberRole.RENEWAL_OWNER,
    "guardian of value": MemberRole.GUARDIAN,
    "administrator": MemberRole.ADMIN,
}


class Members:
    noun = "member"
    columns: Sequence[Column] = (
        Column("email", cells.parse_email, ("Email address", "User email", "E-mail", "Username")),
        *NAME_COLUMNS,
        Column("role", cells.choice_of(MemberRole, ROLES), ("Team role", "Job title", "Title")),
        Column("slack_user_id", cells.text_up_to(32), ("Slack ID", "Slack member ID")),
        Column("timezone", cells.parse_timezone, ("Time zone", "TZ")),
        Column("country", cells.parse_country, ("Country/Region", "Country code")),
        Column("workday_start", cells.parse_hour, ("Work day starts", "Start of day")),
        Column("workday_end", cells.parse_hour, ("Work day ends", "End of day")),
        Column("deputy", cells.parse_email, ("Deputy email", "Stand-in", "Backup")),
        Column("active", cells.parse_yes_no, ("Is active", "Status")),
    )
    required: Sequence[Sequence[str]] = (("email",), ("name", "first_name", "last_name"), ("role",))

    def unknown_column(self, header: str) -> Column | None:  # noqa: ARG002  # a member keeps nothing else
        return None

    def label(self, values: Values) -> str:
        return str(values.get("email", ""))

    def complete(self, values: Values) -> list[str]:
        join_name(values)
        mistakes = [f"{name}: is empty" for name in ("email", "name") if name not in values]
        if values.get("deputy") == values.get("email", ""):
            mistakes.append("deputy: nobody is their own deputy")
        if values.get("workday_start", 0) >= values.get("workday_end", 24):
            mistakes.append("workday_end: must be later than workday_start")
        return mistakes

    def key(self, values: Values) -> str:
        return str(values["email"])

    async def plan(self, session: AsyncSession, checked: Checked) -> Plan:
        plan = Plan(problems=checked.problems)
        stored = await _stored(session)
        known = stored.keys() | {row.values["email"] for row in checked.rows}
        slack_ids = {m["slack_user_id"]: email for email, m in stored.items() if m["slack_user_id"]}
        for row in checked.rows:
            before = stored.get(row.values["email"])
            if mistakes := _mistakes(row.values, before, known, slack_ids):
                plan.problems += [RowProblem(row.number, row.label, mistake) for mistake in mistakes]
            else:
                plan.sort_in(row, before)
        return plan

    async def follow_up(self, database: Database, plan: Plan, now: datetime, phase: StartPhase) -> None:
        """Nothing: no playbook waits for a member."""

    async def apply(self, session: AsyncSession, plan: Plan, now: datetime, source: str, advance: Advance) -> None:  # noqa: ARG002  # members have no timeline
        blank = blank_row(Member(email="", name="", role=MemberRole.CSM, created_at=now))
        await insert_rows(session, Member, [blank | _own(row.values) for row in plan.created], advance)
        await update_rows(session, Member, ((c.id, _own(c.after)) for c in plan.changed), advance)
        deputies = {row.values["email"]: row.values["deputy"] for row in plan.created if "deputy" in row.values}
        deputies |= {c.row.values["email"]: c.after["deputy"] for c in plan.changed if "deputy" in c.after}
        if deputies:
            ids = {email: member["id"] for email, member in (await _stored(session)).items()}
            await update_rows(session, Member, ((ids[e], {"deputy_id": ids[d]}) for e, d in deputies.items()))


async def _stored(session: AsyncSession) -> dict[str, Values]:
    """Every member by email, each with the deputy's email as `deputy`: they are few, so one query reads them all."""
    members = await read_all(session, Member)
    emails = {member["id"]: member["email"].lower() for member in members}
    return {emails[member["id"]]: member | {"deputy": emails.get(member["deputy_id"])} for member in members}


def _mistakes(values: Values, before: Values | None, known: set[str], slack_ids: dict[str, str]) -> list[str]:
    mistakes = []
    if before is None and "role" not in values:
        mistakes.append("role: is empty, and there is no member with this email yet")
    if values.get("deputy") is not None and values["deputy"] not in known:
        mistakes.append(f'deputy: "{values["deputy"]}" is neither a member nor in this file')
    if slack_id := values.get("slack_user_id"):
        holder = slack_ids.setdefault(slack_id, values["email"])
        if holder != values["email"]:
            mistakes.append(f"slack_user_id: belongs to {holder} already")
    return mistakes


def _own(values: Values) -> Values:
    return {name: value for name, value in values.items() if name != "deputy"}
