"""Importing contacts: the people at the customers."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import uuid4

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database, reading_session
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.own_signals import JOINED, own_signal, sponsor_change
from bot.engine.triggers import start_for_contact_roles, start_for_nps
from bot.engine.waiting import waiting_for_roles, waiting_for_scores
from bot.imports import values as cells
from bot.imports.bulk import blank_row, chunks, insert_rows, read_all, read_where, update_rows
from bot.imports.columns import Column
from bot.imports.importing import Advance, StartPhase
from bot.imports.names import NAME_COLUMNS, join_name
from bot.imports.plan import Plan
from bot.imports.rows import Checked, Row, RowProblem, Values, without_repeats
from bot.library.library import Library
from bot.models import Account, Contact, ContactRole, Signal, SignalKind, TimelineEntry, TimelineKind

ROLES = {
    "administrator": ContactRole.ADMIN,
    "budget holder": ContactRole.BILLING,
    "economic buyer": ContactRole.SIGNATORY,
    "executive": ContactRole.EXECUTIVE_SPONSOR,
    "sponsor": ContactRole.EXECUTIVE_SPONSOR,
    "end user": ContactRole.POWER_USER,
}
SYSTEMS = {"hubspot": ("Record ID", "HubSpot ID"), "salesforce": ("Contact ID", "Salesforce ID")}

STARTS_AT_A_TIME = 5  # contacts in one transaction: whoever clicks meanwhile waits for no more than these
PAUSE = 0.1  # seconds between them: SQLite looks that often whether a lock is free, so a click gets its turn


@dataclass(frozen=True, slots=True)
class News:
    """What a row says of a contact that was not known: roles, and a score."""

    row: Row
    roles: list[str]
    score: int | None

    @property
    def account_id(self) -> int:
        account_id: int = self.row.values["account_id"]
        return account_id

    @property
    def key(self) -> tuple[int, str]:
        return self.account_id, self.row.values["email"]


class Contacts:
    noun = "contact"

    def __init__(self, library: Library) -> None:
        self._library = library

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
        await _record_sponsors(session, plan, now)
        await _record_scores(session, [news for news in _news(plan) if news.score is not None], now, source)
        await insert_rows(session, TimelineEntry, _entries(plan, now, source))

    async def follow_up(self, database: Database, plan: Plan, now: datetime, phase: StartPhase) -> None:
        """Start what waits for the new roles and scores, as `/account contact` does.

        A few contacts a transaction, and only those somebody's playbook waits for: a start takes some 30 ms.
        """
        async with database.reading() as connection, reading_session(connection) as session:
            found = await self._awaited(session, _news(plan))
        if not found:
            return
        advance = phase("Starting playbooks", len(found))
        for few in chunks(found, STARTS_AT_A_TIME):
            async with database.long_transaction() as session:
                for contact_id, news in few:
                    await self._start(session, contact_id, news, now)
            advance(len(few))
            await asyncio.sleep(PAUSE)

    async def _awaited(self, session: AsyncSession, arrived: list[News]) -> list[tuple[int, News]]:
        """The news that a playbook may wait for, with the contacts' ids."""
        averages = await _averages(session, {news.account_id for news in arrived if news.score is not None})
        found = [
            news
            for news in arrived
            if waiting_for_roles(self._library, news.roles)
            or (news.score is not None and waiting_for_scores(self._library, news.score, averages[news.account_id]))
        ]
        stored = await _stored(session, {news.account_id for news in found})
        return [(stored[news.key]["id"], news) for news in found]

    async def _start(self, session: AsyncSession, contact_id: int, news: News, now: datetime) -> None:
        account = await session.get(Account, news.account_id, with_for_update=True)
        contact = await session.get(Contact, contact_id)
        if account is None or contact is None:
            return
        await start_for_contact_roles(session, self._library, account, contact, news.roles, now)
        if news.score is not None:
            latest = select(Signal).where(Signal.contact_id == contact_id, Signal.kind == SignalKind.NPS)
            signal = (await session.exec(latest.order_by(col(Signal.id).desc()).limit(1))).one()
            await start_for_nps(session, self._library, account, contact, signal, now)


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
    """Roles and external ids of a file are added to those the contact has. Who has unsubscribed stays so."""
    if before["unsubscribed_at"]:
        values.pop("may_email", None)
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


def _news(plan: Plan) -> list[News]:
    created = [News(row, row.values.get("roles", []), row.values.get("nps")) for row in plan.created]
    changed = []
    for change in plan.changed:
        roles = [role for role in change.after.get("roles", []) if role not in change.before["roles"]]
        answered = {"nps", "nps_at"} & change.after.keys()  # the same score on another day is another answer
        changed.append(News(change.row, roles, change.row.values.get("nps") if answered else None))
    return [news for news in created + changed if news.roles or news.score is not None]


async def _record_scores(session: AsyncSession, arrived: list[News], now: datetime, source: str) -> None:
    """A signal and a timeline entry for every score."""
    stored = await _stored(session, {news.account_id for news in arrived})
    signal = blank_row(
        Signal(account_id=0, kind=SignalKind.NPS, source="import", external_id="", observed_at=now, created_at=now)
    )
    entry = blank_row(TimelineEntry(account_id=0, kind=TimelineKind.SURVEY, summary="", at=now))
    signals, entries = [], []
    for news in arrived:
        contact = stored[news.key]
        signals.append(
            signal
            | {
                "account_id": news.account_id,
                "contact_id": contact["id"],
                "number": news.score,
                "external_id": uuid4().hex,
                "observed_at": news.row.values.get("nps_at", now),
            }
        )
        summary = f"noted an NPS of {news.score} from {contact['name']}, by importing {source}"
        entries.append(entry | {"account_id": news.account_id, "summary": summary})
    await insert_rows(session, Signal, signals)
    await insert_rows(session, TimelineEntry, entries)


async def _record_sponsors(session: AsyncSession, plan: Plan, now: datetime) -> None:
    """A signal for each contact whom the file makes an executive sponsor; roles are only ever added."""
    new = [row for row in plan.created if sponsor_change((), row.values.get("roles", ()))]
    more = [c.row for c in plan.changed if "roles" in c.after and sponsor_change(c.before["roles"], c.after["roles"])]
    stored = await _stored(session, {row.values["account_id"] for row in [*new, *more]})
    found = [stored[row.values["account_id"], row.values["email"]] for row in [*new, *more]]
    kind = SignalKind.SPONSOR_CHANGE
    rows = [own_signal(one["account_id"], kind, now, label=JOINED, contact_id=one["id"]) for one in found]
    await insert_rows(session, Signal, rows)
    await ask_for_evaluation(session, _accounts_of(plan), now)


def _accounts_of(plan: Plan) -> set[int]:
    return {row.values["account_id"] for row in (*plan.created, *(change.row for change in plan.changed))}


async def _averages(session: AsyncSession, account_ids: set[int]) -> dict[int, float]:
    """The average score of each of these accounts."""
    found: dict[int, float] = {}
    for ids in chunks(account_ids):
        query = select(Contact.account_id, func.avg(Contact.nps)).where(col(Contact.account_id).in_(ids))
        for account_id, average in (await session.exec(query.group_by(col(Contact.account_id)))).all():
            found[account_id] = float(average)
    return found


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
