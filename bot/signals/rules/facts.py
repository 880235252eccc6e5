"""What rules and guardrails can ask of accounts and contacts: a few statements, however many accounts they are for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.engine.calendars import local_date
from bot.engine.nearing import ever_served, served
from bot.library.facts import account_facts, contact_facts
from bot.library.health_config import HealthConfig
from bot.library.rules import Rule
from bot.library.watched_conditions import ACCOUNT, GUARDED_FIELDS
from bot.models import Account, AccountRole, Contact, Escalation, EscalationStatus, Exemption, ExemptionStatus, Member
from bot.signals.components import HealthFacts
from bot.signals.health import Health
from bot.signals.health_facts import Healths, Scope, load_health

Exempt = Collection[tuple[int, str]]  # account ids, and the keys of the playbooks they do without


@dataclass(frozen=True, slots=True)
class Subject:
    """An account, or one of its contacts, with what is known of it. What is not known is left out."""

    account_id: int
    account: Mapping[str, Any]
    contact_id: int | None = None
    contact: Mapping[str, Any] | None = None

    @property
    def id(self) -> int:
        """By which what was measured of it is found."""
        return self.account_id if self.contact_id is None else self.contact_id


@dataclass(frozen=True)
class Needs:
    """What some rules ask for besides the account's own fields, which is loaded only when one of them does."""

    daily: bool = False
    escalations: bool = False
    team: bool = False
    contacts: bool = False

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Needs":
        rules = list(rules)
        asked = {name for rule in rules for name in rule.asked(ACCOUNT)}
        return cls(
            daily=bool(asked & (GUARDED_FIELDS - {"open_escalations"})),
            escalations="open_escalations" in asked,
            team=any(rule.only.overlays for rule in rules),
            contacts=any(rule.of_contact for rule in rules),
        )


@dataclass(frozen=True)
class Subjects:
    """The accounts of a page that somebody serves, and their contacts; `teams` are the roles somebody has there."""

    accounts: tuple[Subject, ...] = ()
    contacts: tuple[Subject, ...] = ()
    teams: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def account_ids(self) -> list[int]:
        return [subject.account_id for subject in self.accounts]


async def load_subjects(
    reader: Reader,
    scope: Scope,
    needs: Needs,
    config: HealthConfig,
    now: datetime,
    healths: Healths | None = None,
    *,
    lost_too: bool = False,
) -> Subjects:
    """Accounts without a CSM, archived and churned ones are left out. Today is the CSM's.

    `healths` are those of the accounts in scope, when the caller has worked them out already; `lost_too`: with archived
    and churned accounts.
    """
    if healths is None:
        healths = await load_health(reader, scope, config, now) if needs.daily else {}
    escalations = await open_escalations(reader, scope) if needs.escalations else {}
    which = ever_served if lost_too else served
    rows = (await reader.execute(which(scope(Account.id)))).all()
    today = {row.id: local_date(now, row.timezone) for row in rows}
    accounts = {
        row.id: account_facts(row, today[row.id])  # type: ignore[arg-type]  # its columns
        | (guarded_facts(*healths[row.id], now) if row.id in healths else {})
        | ({"open_escalations": escalations.get(row.id, 0)} if needs.escalations else {})
        for row in rows
    }
    return Subjects(
        tuple(Subject(id_, known) for id_, known in accounts.items()),
        await _contacts(reader, accounts, today) if needs.contacts else (),
        await _teams(reader, accounts) if needs.team else {},
    )


def guarded_facts(measured: HealthFacts, health: Health, now: datetime) -> dict[str, Any]:
    """What a day's health says of an account. What is not known is left out, so that a condition on it is false."""
    known = {
        "health": health.score,
        "band": health.band.value,
        "health_change": health.change if health.compared_with else None,
        "confidence": health.confidence,
        "days_since_contact": _days_since(measured.last_contact_at, now),
        "days_since_sentiment": _days_since(measured.sentiment_at, now),
        "steps_overdue": measured.steps_overdue,
        "longest_overdue_days": measured.longest_overdue_days,
    }
    return {name: value for name, value in known.items() if value is not None}


def _days_since(instant: datetime | None, now: datetime) -> int | None:
    return max(0, (now - instant).days) if instant else None


async def open_escalations(reader: Reader, scope: Scope) -> dict[int, int]:
    query = (
        select(col(Escalation.account_id), func.count().label("number"))
        .where(scope(Escalation.account_id), col(Escalation.status) != EscalationStatus.RESOLVED)
        .group_by(col(Escalation.account_id))
    )
    return {row.account_id: row.number for row in (await reader.execute(query)).all()}


async def exempt_accounts(reader: Reader, scope: Scope, playbooks: Collection[str], now: datetime) -> Exempt:
    """Those exempt by the day it is in UTC; the start itself looks at the CSM's own day."""
    if not playbooks:
        return set()
    query = select(col(Exemption.account_id), col(Exemption.playbook_key)).where(
        scope(Exemption.account_id),
        col(Exemption.playbook_key).in_(playbooks),
        col(Exemption.status) == ExemptionStatus.APPROVED,
        col(Exemption.expires_on) >= now.date(),
    )
    return {(row.account_id, row.playbook_key) for row in (await reader.execute(query)).all()}


_CONTACT_COLUMNS = (
    *("id", "account_id", "name", "email", "title", "roles", "nps"),
    *("may_email", "advocate", "advocacy", "asked_at"),
)


async def _contacts(
    reader: Reader, accounts: Mapping[int, Mapping[str, Any]], today: Mapping[int, date]
) -> tuple[Subject, ...]:
    query = (
        select(*(col(getattr(Contact, name)) for name in _CONTACT_COLUMNS))
        .where(col(Contact.account_id).in_(list(accounts)))
        .order_by(col(Contact.id))
    )
    return tuple(
        Subject(row.account_id, accounts[row.account_id], row.id, contact_facts(row, today[row.account_id]))  # type: ignore[arg-type]  # its columns
        for row in (await reader.execute(query)).all()
    )


async def _teams(reader: Reader, account_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    query = (
        select(col(AccountRole.account_id), col(AccountRole.role))
        .join(Member, col(Member.id) == AccountRole.member_id)
        .where(col(AccountRole.account_id).in_(list(account_ids)), col(Member.active))
    )
    found: dict[int, set[str]] = defaultdict(set)
    for row in (await reader.execute(query)).all():
        found[row.account_id].add(str(row.role))
    return {account_id: frozenset(roles) for account_id, roles in found.items()}
