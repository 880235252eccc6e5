"""Making the sample book of business, once and in one transaction: members, customers, then their stories in order."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.demo.book import BOOK, Customer
from bot.demo.measuring import seed_numbers
from bot.demo.people import PEOPLE
from bot.demo.revenue import seed_revenue
from bot.demo.story import Act, ConfirmsReached, JoinsJourney, Moment, Reaches
from bot.engine.accounts import AccountDraft, add_account
from bot.engine.actors import Actor
from bot.engine.calendars import at_hour, local_date, shift
from bot.library.library import Library
from bot.library.offsets import Offset, Unit
from bot.models import (
    Account,
    Alert,
    AlertStatus,
    Contact,
    Delivery,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    HealthSnapshot,
    Member,
    Touchpoint,
    TouchpointKind,
    TouchpointStatus,
)
from bot.signals.health_facts import among, load_health
from bot.signals.health_snapshots import snapshot_row

COUNTRY = "GB"
IMPORTED = timedelta(days=200)  # the book begins that long ago
FIRST_HOUR = 11
REMEMBERED = (*range(84, 7, -7), *range(7, 0, -1))  # days ago of which health is kept: once a week, then each day
JOINED = 22  # working days ago: journeys came, and each CSM confirmed what lay behind their accounts
NEW_DAYS = 40
THIS_MORNING = timedelta(minutes=50)


@dataclass(frozen=True, slots=True)
class Cue:
    """One scene with its moment."""

    at: datetime
    account: str
    who: str
    act: Act


async def is_seeded(database: Database) -> bool:
    async with database.reading() as connection:
        return (await connection.execute(select(Member.id).limit(1))).first() is not None


async def seed(database: Database, library: Library, now: datetime, timezone: str) -> None:
    """Fill an empty database, all or nothing.

    Nothing that was sent along the way is sent again: what is due now speaks up with the first heartbeat, as it would
    after a weekend. On SQLite it has the event loop to itself, but for a moment after each scene: nobody else is there
    yet, and handing each of its many statements to a thread would take most of the time.
    """
    async with database.transaction() as session:
        await _add_members(session, now - IMPORTED, timezone)
        today = local_date(now, timezone)
        for customer in BOOK:
            await _add_customer(session, library, customer, today, now - IMPORTED)
        await seed_numbers(session, now.date(), now)
        evenings = [now - timedelta(days=days) for days in REMEMBERED]
        for cue in sorted(_cues(now, timezone), key=lambda cue: cue.at):
            while evenings and evenings[0] < cue.at:
                await _remember_health(session, library, evenings.pop(0))
            await _play(session, library, cue, today)
            await asyncio.sleep(0)  # Ctrl+C ends it here
        await seed_revenue(session, now)
        await _settle_the_past(session, now - THIS_MORNING)


async def _add_members(session: AsyncSession, now: datetime, timezone: str) -> None:
    members = {
        person.handle: Member(
            email=person.email,
            name=person.name,
            role=person.role,
            slack_user_id=person.slack_user_id,
            timezone=timezone,
            country=COUNTRY,
            created_at=now,
        )
        for person in PEOPLE
    }
    session.add_all(members.values())
    await session.flush()
    for person in PEOPLE:
        if person.deputy:
            members[person.handle].deputy_id = members[person.deputy].id
    await session.flush()


async def _add_customer(
    session: AsyncSession, library: Library, customer: Customer, today: date, now: datetime
) -> None:
    facts: dict[str, Any] = {
        "key": customer.key,
        "name": customer.name,
        "domain": customer.domain,
        "segment": customer.segment,
        "touch": customer.touch,
        "stage": customer.stage,
        "maturity": customer.maturity,
        "industry": customer.industry,
        "outcome": customer.outcome,
        "arr": customer.arr,
        "contract_start": _day(today, customer.contract_start),
        "trial_end": _day(today, customer.trial_end),
        "go_live_date": _day(today, customer.go_live),
        "renewal_date": _day(today, customer.renewal),
        **await _team(session, customer),
    }
    known = {name: value for name, value in facts.items() if value is not None}
    draft = AccountDraft.model_validate(known | {"journey": None})  # journeys came later, in JOINED
    account = await add_account(session, library, draft, None, now)
    account.attributes = dict(customer.attributes)
    session.add_all(
        Contact(
            account_id=account.id,
            name=someone.name,
            email=f"{someone.name.split()[0].lower()}@{customer.domain}",
            title=someone.title,
            roles=[role.value for role in someone.roles],
            nps=someone.nps,
            nps_at=now if someone.nps is not None else None,
            created_at=now,
        )
        for someone in customer.people
    )
    await session.flush()


async def _team(session: AsyncSession, customer: Customer) -> dict[str, int]:
    """The role map: the customer's own CSM and AE, and those who serve everybody."""
    found = (await session.exec(select(Member.slack_user_id, Member.id))).all()
    ids = {person.handle: member_id for person in PEOPLE for user, member_id in found if user == person.slack_user_id}
    handles = {
        "csm_id": customer.csm,
        "ae_id": customer.ae,
        "leader_id": "dana",
        "specialist_id": "sam",
        "support_id": "priya",
        "finance_id": "tom",
        "product_id": "rosa",
        "marketing_id": "nils",
        "renewal_owner_id": customer.ae,
        "guardian_id": "dana",
    }
    return {name: ids[handle] for name, handle in handles.items()}


def _cues(now: datetime, timezone: str) -> Iterator[Cue]:
    for customer in BOOK:
        yield from _journey_cues(customer, now, timezone)
        for order, scene in enumerate(customer.story):
            at = moment_of(scene.days_ago, now, timezone) + timedelta(minutes=order)
            yield Cue(at, customer.key, scene.who, scene.act)


def _journey_cues(customer: Customer, now: datetime, timezone: str) -> Iterator[Cue]:
    """Customers of old joined when journeys came, new ones after they signed. What the story itself tells of is
    not confirmed beforehand.
    """
    is_new = customer.contract_start is not None and customer.contract_start > -NEW_DAYS
    joined = 2 if is_new else JOINED
    told = [scene.act.milestone for scene in customer.story if isinstance(scene.act, Reaches)]
    confirms = ConfirmsReached((*customer.unconfirmed, *told))
    yield Cue(moment_of(joined, now, timezone), customer.key, "dana", JoinsJourney())
    yield Cue(moment_of(joined - 1, now, timezone), customer.key, customer.csm, confirms)


def moment_of(days_ago: int, now: datetime, timezone: str) -> datetime:
    """Late morning of the working day that many working days before today; for 0, a little while before now."""
    if days_ago == 0:
        return now - THIS_MORNING
    day = shift(local_date(now, timezone), Offset(-days_ago, Unit.BUSINESS_DAYS), COUNTRY)
    return at_hour(day, FIRST_HOUR, timezone)


async def _play(session: AsyncSession, library: Library, cue: Cue, today: date) -> None:
    person = next(person for person in PEOPLE if person.handle == cue.who)
    member = (await session.exec(select(Member).where(Member.slack_user_id == person.slack_user_id))).one()
    account = (await session.exec(select(Account).where(Account.key == cue.account))).one()
    try:
        await cue.act.play(Moment(session, library, account.id, Actor.of(member), cue.at, today))
    except Exception as error:
        error.add_note(f"in the sample book: {cue.account}, {cue.at:%Y-%m-%d}, {cue.who}: {cue.act}")
        raise
    await session.flush()
    session.expunge_all()  # each scene reads what the one before wrote, as separate requests would


async def _remember_health(session: AsyncSession, library: Library, now: datetime) -> None:
    """Keep that day's health, so that it can be told what moved since."""
    ids = (await session.exec(select(Account.id))).all()
    healths = await load_health(await session.connection(), among(ids), library.health_config, now)
    session.add_all(
        HealthSnapshot(**snapshot_row(account, health, now))
        for account, (_, health) in healths.items()
        if health.score is not None
    )
    await session.flush()


async def _settle_the_past(session: AsyncSession, before: datetime) -> None:
    """What was told and celebrated back then is not told now; escalations and alerts still open are posted anew."""
    await session.exec(
        update(Touchpoint)
        .where(col(Touchpoint.kind) == TouchpointKind.CELEBRATION, col(Touchpoint.fire_at) < before)
        .values(status=TouchpointStatus.FIRED, fired_at=Touchpoint.fire_at)
    )
    unresolved = select(Escalation.id).where(Escalation.status != EscalationStatus.RESOLVED)
    open_ids = set((await session.exec(unresolved)).all())
    raised = (await session.exec(select(Delivery).where(Delivery.kind == DeliveryKind.ESCALATION))).all()
    kept = [delivery.id for delivery in raised if delivery.payload["escalation_id"] in open_ids]
    told = await session.exec(select(Alert.delivery_id).where(Alert.status == AlertStatus.OPEN))
    kept += [delivery_id for delivery_id in told if delivery_id is not None]
    await session.exec(update(Alert).where(col(Alert.status) != AlertStatus.OPEN).values(delivery_id=None))
    await session.exec(delete(Delivery).where(col(Delivery.id).not_in(kept)))


def _day(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)
