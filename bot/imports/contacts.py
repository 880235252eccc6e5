"""Importing contacts: the people at the customers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.imports import values as cells
from bot.imports.bulk import blank_row, insert_rows, read_all, read_where, update_rows
from bot.imports.columns import Column
from bot.imports.importing import Advance
from bot.imports.names import NAME_COLUMNS, join_name
from bot.imports.plan import Plan
from bot.imports.rows import Checked, Row, RowProblem, Values, without_repeats
from bot.models import Account, Contact, ContactRole, TimelineEntry, TimelineKind

ROLES = {
    "administrator": ContactRole.ADMIN,
    "budget holder": ContactRole.BILLING,
    "economic buyer": ContactRole.SIGNATORY,
    "executive": ContactRole.EXECUTIVE_SPONSOR,
    "sponsor": ContactRole.EXECUTIVE_SPONSOR,
    "end user": ContactRole.POWER_USER,
}
SYSTEMS = {"hubspot": ("Record ID", "HubSpot ID"), "salesforce": ("Contact ID", "Salesforce ID")}


class Contacts:
    noun = "contact"
    columns: Sequence[Column] = (
        Column("account", str, ("Account key", "Associated Company", "Company name", "Account Name", "Company")),
        Column("email", cells.parse_email, ("Email address", "E-mail", "Work email")),
        *NAME_COLUMNS,
        Column("title", cells.text_up_to(200), ("Job Title", "Position")),
        Column("roles", cells.several_of(cells.choice_of(ContactRole, ROLES)), ("Role", "Buying Role", "Contact role")),
        Column("nps", cells.whole_number(0, 10), ("NPS score", "Last NPS survey rating")),
        Column("nps_at", None, ("NPS date", "Last NPS survey date")),
        Column("may_email", cells.parse_yes_no, ("Email allowed", "Opted in")),
        Column("opted_out", cells.parse_yes_no, ("Unsubscribed from all email", "Email Opt Out")),
        *(Column(f"{system}_id", cells.text_up_to(80), headers) for system, headers in SYSTEMS.items()),
    )
    required: Sequence[Sequence[str]] = (("account",), ("email",), ("name", "first_name", "last_name"))

    def unknown_column(self, header: str) -> Column | None:  # noqa: ARG002  # a contact keeps nothing else
        return None

    def label(self, values: Values) -> str:
        return str(values.get("email", ""))

    def complete(self, values: Values) -> list[str]:
        join_name(values)
        if "opted_out" in values:
            values["may_email"] = not values.pop("opted_out")
        if "nps_at" in values:
            values["nps_at"] = datetime.combine(values["nps_at"], time(), UTC)
        known = {system: values.pop(f"{system}_id") for system in SYSTEMS if f"{system}_id" in values}
        if known:
            values["external_ids"] = known
        return [f"{name}: is empty" for name in ("account", "email", "name") if name not in values]

    def key(self, values: Values) -> tuple[str, str]:
        return values["account"].casefold(), values["email"]

    async def plan(self, session: AsyncSession, checked: Checked) -> Plan:
        plan = Plan(problems=checked.problems)
        accounts = AccountFinder(await read_all(session, Account))
        placed = Checked([row for row in checked.rows if _place(row, accounts, plan)], plan.problems)
        placed = without_repeats(placed, lambda values: (values["account_id"], values["email"]))
        plan.problems = placed.problems
        stored = await _stored(session, {row.values["account_id"] for row in placed.rows})
        for row in placed.rows:
            before = stored.get((row.values["account_id"], row.values["email"]))
            if before:
                _keep_what_is_stored(row.values, before)
            plan.sort_in(row, before)
        return plan

    async def apply(self, session: AsyncSession, plan: Plan, now: datetime, source: str, advance: Advance) -> None:
        blank = blank_row(Contact(account_id=0, name="", email="", created_at=now))
        await insert_rows(session, Contact, [blank | _dated(row.values, now) for row in plan.created], advance)
        await update_rows(session, Contact, ((c.id, _dated(c.after, now)) for c in plan.changed), advance)
        await insert_rows(session, TimelineEntry, _entries(plan, now, source))


class AccountFinder:
    """Accounts by what an export may call them: the key, the name, the web domain."""

    def __init__(self, accounts: Iterable[Values]) -> None:
        self._by_key: dict[str, int] = {}
        self._by_other: dict[str, set[int]] = defaultdict(set)
        for account in accounts:
            self._by_key[account["key"]] = account["id"]
            for other in (account["name"], account["domain"]):
                if other:
                    self._by_other[other.casefold()].add(account["id"])

    def find(self, text: str) -> int:
        plain = text.casefold()
        if plain in self._by_key:
            return self._by_key[plain]
        others = self._by_other.get(plain, set())
        if len(others) == 1:
            return next(iter(others))
        if others:
            raise ValueError(f'"{text}" is the name of {len(others)} accounts: use the key')
        raise ValueError(f'there is no account "{text}": import accounts first, or correct the name')


def _place(row: Row, accounts: AccountFinder, plan: Plan) -> bool:
    """Put the account's id where the file names it; False, and a problem in the plan, when it cannot be found."""
    try:
        row.values["account_id"] = accounts.find(row.values.pop("account"))
    except ValueError as error:
        plan.problems.append(RowProblem(row.number, row.label, f"account: {error}"))
        return False
    return True


def _keep_what_is_stored(values: Values, before: Values) -> None:
    """Roles and external ids of a file are added to those the contact has."""
    if "external_ids" in values:
        values["external_ids"] = before["external_ids"] | values["external_ids"]
    if "roles" in values:
        values["roles"] = list(dict.fromkeys([*before["roles"], *values["roles"]]))


async def _stored(session: AsyncSession, account_ids: set[int]) -> dict[tuple[int, str], Values]:
    contacts = await read_where(session, Contact, "account_id", account_ids)
    return {(contact["account_id"], contact["email"].lower()): contact for contact in contacts}


def _dated(values: Values, now: datetime) -> Values:
    """An NPS answer without its date is as old as the import."""
    return {"nps_at": now} | values if "nps" in values else values


def _entries(plan: Plan, now: datetime, source: str) -> list[Values]:
    """One timeline entry for each account whose contacts came or changed."""
    added = Counter(row.values["account_id"] for row in plan.created)
    changed = Counter(change.row.values["account_id"] for change in plan.changed)
    blank = blank_row(TimelineEntry(account_id=0, kind=TimelineKind.CONTACT_ADDED, summary="", at=now))
    return [
        blank
        | {
            "account_id": account_id,
            "kind": TimelineKind.CONTACT_ADDED if added[account_id] else TimelineKind.CONTACT_CHANGED,
            "summary": f"added {added[account_id]} and changed {changed[account_id]} contacts, by importing {source}",
        }
        for account_id in added | changed
    ]
