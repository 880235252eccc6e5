"""Favours asked of contacts: who was asked for what, what they said, and whether they may be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.fatigue import PastAsk, Refusal, Situation, decide_ask
from bot.engine.journal import record
from bot.engine.permissions import require_may_edit_account
from bot.engine.state import load_team, lock_account
from bot.engine.transitions import ASK_FROM
from bot.engine.words import ago
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.library.library import Library
from bot.library.schema import Category
from bot.models import (
    OPEN_RUNS,
    Account,
    AdvocacyAsk,
    AdvocateStatus,
    AskKind,
    AskStatus,
    Contact,
    ContactRole,
    Escalation,
    EscalationStatus,
    PlaybookVersion,
    Run,
    TimelineKind,
)

OUTCOME_LENGTH = 3000

KIND_WORDS = {
    AskKind.REFERRAL: "a referral",
    AskKind.REFERENCE: "a reference",
    AskKind.REVIEW: "a review",
    AskKind.CASE_STUDY: "a case study",
    AskKind.MEDIA: "a word to the press",
    AskKind.SOCIAL: "a post on social media",
    AskKind.ADVISORY_BOARD: "a seat on the advisory board",
}
OPEN_ASKS = (AskStatus.ASKED, AskStatus.ACCEPTED)

_ANSWERED = {
    AskStatus.ACCEPTED: "said yes to",
    AskStatus.DECLINED: "said no to",
    AskStatus.DELIVERED: "delivered",
}


@dataclass(frozen=True)
class AskChange:
    """An ask, whom it is of, and a sentence on what became of the request."""

    ask: AdvocacyAsk
    contact: Contact
    sentence: str


async def ask_contact(
    session: AsyncSession,
    library: Library,
    contact_id: int,
    kind: AskKind,
    actor: Actor,
    now: datetime,
    *,
    override: str | None = None,
) -> AskChange:
    """Keep that a contact was asked for something. Raises InvalidInput when the limit stands against it.

    `override` is a leader's reason to ask all the same.
    """
    contact, account = await _locked_contact(session, contact_id, actor)
    if open_ask := await find_open_ask(session, [contact], kind):
        raise WrongState(f"{contact.name} was asked for {KIND_WORDS[kind]} {ago(open_ask.asked_at, now)} already.")
    refusal = await refuse(session, library, account, contact, actor, now)
    ask = await log_ask(session, account, contact, kind, actor, now, refusal=refusal, override=override)
    return AskChange(ask, contact, f"{contact.name} was asked for {KIND_WORDS[kind]}.")


async def ask_first(
    session: AsyncSession,
    library: Library,
    account_id: int,
    roles: Sequence[ContactRole],
    kind: AskKind,
    actor: Actor,
    now: datetime,
) -> AskChange:
    """Ask the first contact with one of the roles who may be asked. Asking again tells of the ask that is open."""
    account = await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    fitting = fitting_contacts(await load_contacts(session, account_id), roles)
    if open_ask := await find_open_ask(session, fitting, kind):
        asked = next(contact for contact in fitting if contact.id == open_ask.contact_id)
        return AskChange(
            open_ask, asked, f"{asked.name} was asked for {KIND_WORDS[kind]} {ago(open_ask.asked_at, now)}."
        )
    contact, refusal = await choose_contact(session, library, account, fitting, roles, actor, now)
    ask = await log_ask(session, account, contact, kind, actor, now, refusal=refusal)
    return AskChange(ask, contact, f"{contact.name} was asked for {KIND_WORDS[kind]}.")


async def answer_ask(
    session: AsyncSession,
    ask_id: int,
    status: AskStatus,
    actor: Actor,
    now: datetime,
    *,
    outcome: str | None = None,
) -> AskChange:
    """Keep what came of an ask. Saying the same again changes nothing."""
    found = await session.get(AdvocacyAsk, ask_id)
    if found is None:
        raise NotFound("That ask is not there any more. `/account advocates` shows what is current.")
    contact, _ = await _locked_contact(session, found.contact_id, actor)
    await session.refresh(found)
    if found.status is status:
        return AskChange(found, contact, f"It is noted already: {_told(contact, found)}.")
    if found.status not in ASK_FROM[status]:
        raise WrongState(f"{contact.name} has {found.status} this already, so it cannot become {status}.")
    note_answer(session, found, contact, status, actor, now, outcome)
    return AskChange(found, contact, f"{_told(contact, found)}.")


# --- what the use cases and steps share -------------------------------------------------------------------------------


async def log_ask(
    session: AsyncSession,
    account: Account,
    contact: Contact,
    kind: AskKind,
    actor: Actor,
    now: datetime,
    *,
    refusal: Refusal | None,
    override: str | None = None,
    field: str = "kind",
) -> AdvocacyAsk:
    """Write an ask down, unless the limit refuses it and nobody who may overrides it. `field` is the input to blame."""
    reason = (override or "").strip()
    if refusal and not reason:
        raise InvalidInput(f"{refusal.sentence} {_way_out(account, actor)}", field=field)
    if refusal and not actor.leads:
        raise NotAllowed(f"{refusal.sentence} Only a leader can ask all the same.")
    ask = AdvocacyAsk(
        account_id=account.id, contact_id=contact.id, kind=kind, asked_by_id=actor.member_id, asked_at=now
    )
    session.add(ask)
    contact.asked_at = now
    await session.flush()
    against = f", against the limit: {reason[:OUTCOME_LENGTH]}" if refusal else ""
    summary = f"asked {contact.name} for {KIND_WORDS[kind]}{against}"
    _record(session, TimelineKind.ADVOCACY_ASKED, summary, ask, actor, now)
    return ask


def _way_out(account: Account, actor: Actor) -> str:
    if actor.leads:
        return "As a leader you can ask all the same: give a reason."
    return f"A leader can ask all the same, with `/account advocates {account.key}` and a reason."


def note_answer(
    session: AsyncSession,
    ask: AdvocacyAsk,
    contact: Contact,
    status: AskStatus,
    actor: Actor,
    now: datetime,
    outcome: str | None,
) -> None:
    """What somebody said, on the ask and on the contact: a yes makes an advocate, a no is remembered."""
    ask.status = status
    ask.outcome = (outcome or "").strip()[:OUTCOME_LENGTH] or ask.outcome
    ask.closed_at = None if status is AskStatus.ASKED else now
    if status in {AskStatus.ACCEPTED, AskStatus.DELIVERED}:
        contact.advocate = AdvocateStatus.ADVOCATE
        contact.advocacy = list(dict.fromkeys([*contact.advocacy, ask.kind.value]))
    elif status is AskStatus.DECLINED and contact.advocate is not AdvocateStatus.ADVOCATE:
        contact.advocate = AdvocateStatus.DECLINED
    because = f": {ask.outcome}" if ask.outcome else ""
    _record(session, TimelineKind.ADVOCACY_ANSWERED, f"noted that {_told(contact, ask)}{because}", ask, actor, now)


async def refuse(
    session: AsyncSession, library: Library, account: Account, contact: Contact, actor: Actor, now: datetime
) -> Refusal | None:
    """Why this contact may not be asked now; None when they may."""
    situation = await load_situation(session, account, actor.timezone)
    today = local_date(now, actor.timezone)
    return decide_ask(library.advocacy_policy, situation, contact.id, contact.name, today)


async def choose_contact(
    session: AsyncSession,
    library: Library,
    account: Account,
    fitting: Sequence[Contact],
    roles: Sequence[ContactRole],
    actor: Actor,
    now: datetime,
    *,
    field: str = "kind",
) -> tuple[Contact, Refusal | None]:
    """The first of the contacts who may be asked; when nobody may, the first one, and why not."""
    if not fitting:
        words = " or ".join(role.replace("_", " ") for role in roles)
        raise InvalidInput(
            f"{account.name} has no {words} to ask. Add one with `/account contact {account.key}`.", field=field
        )
    situation = await load_situation(session, account, actor.timezone)
    today = local_date(now, actor.timezone)
    refusals = [decide_ask(library.advocacy_policy, situation, one.id, one.name, today) for one in fitting]
    return next((pair for pair in zip(fitting, refusals, strict=True) if pair[1] is None), (fitting[0], refusals[0]))


async def load_situation(session: AsyncSession, account: Account, timezone: str) -> Situation:
    asks = (await session.exec(select(AdvocacyAsk).where(AdvocacyAsk.account_id == account.id))).all()
    at_risk = (
        select(Run.title)
        .join(PlaybookVersion, col(PlaybookVersion.id) == Run.playbook_version_id)
        .where(
            Run.account_id == account.id,
            col(Run.status).in_(OPEN_RUNS),
            col(PlaybookVersion.content)["category"].as_string() == Category.AT_RISK.value,
        )
        .limit(1)
    )
    escalated = select(func.count()).where(
        Escalation.account_id == account.id, Escalation.status != EscalationStatus.RESOLVED
    )
    return Situation(
        account=account.name,
        asks=[_past(ask, timezone) for ask in asks],
        at_risk=(await session.exec(at_risk)).first(),
        is_escalated=(await session.exec(escalated)).one() > 0,
    )


def _past(ask: AdvocacyAsk, timezone: str) -> PastAsk:
    answered_on = local_date(ask.closed_at, timezone) if ask.closed_at else None
    return PastAsk(ask.contact_id, local_date(ask.asked_at, timezone), ask.status, answered_on)


async def load_contacts(session: AsyncSession, account_id: int) -> Sequence[Contact]:
    query = select(Contact).where(Contact.account_id == account_id).order_by(col(Contact.id))
    return (await session.exec(query)).all()


def fitting_contacts(contacts: Sequence[Contact], roles: Sequence[ContactRole]) -> list[Contact]:
    """Those with one of the roles, in the order in which the roles are named. Nobody is in it twice."""
    found = {contact.id: contact for role in roles for contact in contacts if role in contact.roles}
    return list(found.values())


async def find_open_ask(session: AsyncSession, contacts: Sequence[Contact], kind: AskKind) -> AdvocacyAsk | None:
    query = (
        select(AdvocacyAsk)
        .where(
            col(AdvocacyAsk.contact_id).in_([contact.id for contact in contacts]),
            AdvocacyAsk.kind == kind,
            col(AdvocacyAsk.status).in_(OPEN_ASKS),
        )
        .order_by(col(AdvocacyAsk.asked_at).desc(), col(AdvocacyAsk.id).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def _locked_contact(session: AsyncSession, contact_id: int, actor: Actor) -> tuple[Contact, Account]:
    contact = await session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("That contact is not there any more. `/account advocates` shows who is.")
    account = await lock_account(session, contact.account_id)
    await session.refresh(contact)
    require_may_edit_account(actor, (await load_team(session, account.id)).roles)
    return contact, account


def _told(contact: Contact, ask: AdvocacyAsk) -> str:
    return f"{contact.name} {_ANSWERED.get(ask.status, 'was asked for')} {KIND_WORDS[ask.kind]}"


def _record(
    session: AsyncSession, kind: TimelineKind, summary: str, ask: AdvocacyAsk, actor: Actor, now: datetime
) -> None:
    details = {"ask": ask.id, "kind": ask.kind.value, "contact": ask.contact_id}
    record(session, kind, summary, now, account_id=ask.account_id, actor=actor, details=details)
