"""Accounts, their contacts, their role map, and how the CSM feels about them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any
from uuid import uuid4

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.handover import hand_over_steps
from bot.engine.journal import record
from bot.engine.journeys.gates import require_gate_open
from bot.engine.journeys.moving import put_on_journey
from bot.engine.journeys.serving import follow_table, row_of
from bot.engine.latest_signals import take_score, take_sentiment
from bot.engine.outbox import redraw_data_checks, refresh_homes
from bot.engine.own_signals import note_sponsor, note_worth, worth
from bot.engine.permissions import require_may_edit_account
from bot.engine.replanning import replan_other_runs
from bot.engine.state import load_team, lock_account
from bot.engine.triggers import start_for_anchors, start_for_contact_roles
from bot.engine.vocabulary import require_known_names
from bot.errors import InvalidInput, Taken, WrongState
from bot.library.library import Library
from bot.models import (
    Account,
    AccountRole,
    AdvocateStatus,
    Anchor,
    Contact,
    ContactRole,
    EntryReason,
    Member,
    MemberRole,
    Run,
    Segment,
    Sentiment,
    Signal,
    SignalKind,
    Stage,
    TimelineKind,
    Touch,
)

ROLE_FIELDS: Mapping[str, MemberRole] = {
    "csm_id": MemberRole.CSM,
    "ae_id": MemberRole.AE,
    "leader_id": MemberRole.LEADER,
    "specialist_id": MemberRole.SPECIALIST,
    "support_id": MemberRole.SUPPORT,
    "finance_id": MemberRole.FINANCE,
    "product_id": MemberRole.PRODUCT,
    "marketing_id": MemberRole.MARKETING,
    "renewal_owner_id": MemberRole.RENEWAL_OWNER,
    "guardian_id": MemberRole.GUARDIAN,
}

COMMENT_LENGTH = 3000
TOLD_IN_FULL = frozenset({"stage", "segment", "touch", "maturity", "journey"})

EXPECTED: Mapping[str, str] = {
    "name": "give a name of at most 200 characters",
    "key": "use lower-case letters, digits and hyphens, such as acme-labs",
    "email": "give an address such as jane@acme.com",
    "arr": "give a whole number of at most 2,000,000,000",
    "currency": "use three letters, such as USD",
    "country": "use two letters, such as DE",
    "maturity": "give a number from 1 to 5",
    "nps": "give a number from 0 to 10",
}
ABBREVIATIONS: Mapping[str, str] = {"arr": "ARR", "nps": "NPS"}
AHEAD = frozenset({Anchor.TRIAL_END, Anchor.RENEWAL_DATE})  # a person sets these to days that are still to come


_LETTERS = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d"}  # they have no plain letter inside


def slug(name: str) -> str:
    """A key made from a name: `Müller & Söhne GmbH` gives `muller-sohne-gmbh`. Empty when nothing of it is left."""
    lowered = "".join(_LETTERS.get(letter, letter) for letter in name.lower())
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].rstrip("-")


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


Optional = BeforeValidator(_empty_is_none)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]  # in the configuration


class AccountFields(BaseModel):
    """What can be set on an account, checked. Every field may be left out when an account is edited."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    domain: Annotated[Annotated[str, Field(max_length=253)] | None, Optional, BeforeValidator(_lower)] = None
    segment: Named = Segment.SMB.value
    touch: Touch = Touch.HIGH
    stage: Named = Stage.ONBOARDING.value
    maturity: Annotated[Annotated[int, Field(ge=1, le=5)] | None, Optional] = None
    journey: Annotated[Annotated[str, Field(max_length=80)] | None, Optional] = None
    entry_reason: EntryReason = EntryReason.NEW
    industry: Annotated[Annotated[str, Field(max_length=120)] | None, Optional] = None
    country: Annotated[Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None, Optional] = None
    outcome: Annotated[Annotated[str, Field(max_length=500)] | None, Optional] = None
    arr: Annotated[Annotated[int, Field(ge=0, le=2_000_000_000)] | None, Optional] = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    contract_start: Annotated[date | None, Optional] = None
    trial_end: Annotated[date | None, Optional] = None
    go_live_date: Annotated[date | None, Optional] = None
    renewal_date: Annotated[date | None, Optional] = None
    csm_id: int | None = None
    ae_id: int | None = None
    leader_id: int | None = None
    specialist_id: int | None = None
    support_id: int | None = None
    finance_id: int | None = None
    product_id: int | None = None
    marketing_id: int | None = None
    renewal_owner_id: int | None = None
    guardian_id: int | None = None


class AccountDraft(AccountFields):
    """A new account. Without a key, one is made from the name."""

    key: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
    name: Name


class ContactDraft(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Annotated[
        str, BeforeValidator(_lower), Field(pattern=r"^[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+$", max_length=320)
    ]
    title: Annotated[Annotated[str, Field(max_length=200)] | None, Optional] = None
    roles: list[ContactRole] = Field(default_factory=list)
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    may_email: bool = True
    advocate: AdvocateStatus | None = None


@dataclass(frozen=True)
class AccountEdit:
    """An edited account, what changed (field names), and sentences on the steps that moved."""

    account: Account
    changed: list[str]
    sentences: list[str] = field(default_factory=list)


def check(model: type[BaseModel], values: Mapping[str, Any]) -> Any:
    """Validate raw values with one of the models above. Raises InvalidInput naming the first field to mend."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else None
        words = EXPECTED.get(name or "", first["msg"])
        title = ABBREVIATIONS.get(name or "", (name or "input").replace("_", " ").capitalize())
        raise InvalidInput(f"{title}: {words}.", field=name) from None


def _require_ahead(fields: Mapping[str, Any], today: date) -> None:
    for anchor in sorted(AHEAD):
        day: date | None = fields.get(anchor)
        if day is not None and day < today:
            raise InvalidInput(f"{day} is past. Give a day that is still to come.", field=anchor)


async def add_account(
    session: AsyncSession, library: Library, draft: AccountDraft, actor: Actor | None, now: datetime
) -> Account:
    """Add an account. A CSM who adds it is its CSM unless another is named. A key that is in use raises Taken.

    Its segment, touch and journey, where they are not given, are those the segment table says.
    """
    require_known_names(library, draft.model_dump(include={"stage", "segment", "journey"}))
    if (await session.exec(select(Account.id).where(Account.key == draft.key))).first() is not None:
        raise Taken(f"There is an account with the key {draft.key} already. Choose another key.", field="key")
    if actor is not None and actor.is_member:
        _require_ahead(draft.model_dump(include={anchor.value for anchor in AHEAD}), local_date(now, actor.timezone))
    roles = _role_changes(draft.model_dump(include=set(ROLE_FIELDS), exclude_none=True))
    if actor and actor.role is MemberRole.CSM:
        roles.setdefault(MemberRole.CSM, actor.member_id)
    account = Account(**draft.model_dump(exclude={*ROLE_FIELDS, "journey"}), created_at=now, updated_at=now)
    if "segment" not in draft.model_fields_set and account.segment not in library.segments.titles:
        account.segment = next(iter(library.segments.titles))
    session.add(account)
    await session.flush()
    for role, member_id in roles.items():
        await set_account_role(session, account.id, role, member_id)
    record(session, TimelineKind.ACCOUNT_ADDED, "added the account", now, account_id=account.id, actor=actor)
    await note_worth(session, account, None, now, actor)
    if draft.journey:
        await put_on_journey(session, library, account.id, draft.journey, actor, now)
    today = local_date(now, actor.timezone if actor else "UTC")
    await follow_table(session, library, account, None, today, actor, now, by_hand=draft.model_fields_set)
    await start_for_anchors(session, library, now, account_id=account.id)
    await refresh_homes(session, roles.values(), now)
    return account


async def edit_account(
    session: AsyncSession,
    library: Library,
    account_id: int,
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    *,
    seen: datetime | None = None,
) -> AccountEdit:
    """Change fields and roles of an account. Moving a date re-plans the open steps that hang on it, and says so.

    `seen` is the `updated_at` of the account the changes were made from: when somebody else has changed it since,
    WrongState is raised rather than their change undone.
    """
    account = await lock_account(session, account_id)
    if seen is not None and account.updated_at != seen:
        raise WrongState(
            f"{account.name} was changed while you had this open, so nothing was saved. "
            f"Open it again with `/account edit {account.key}`."
        )
    team = await load_team(session, account_id)
    require_may_edit_account(actor, team.roles)
    checked: AccountFields = check(AccountFields, changes)
    values = checked.model_dump(include=set(changes))
    roles = _role_changes(values)
    fields = {name: value for name, value in values.items() if name not in ROLE_FIELDS}
    if "name" in fields and not fields["name"]:
        raise InvalidInput("The account needs a name.", field="name")
    changed = [name for name, value in fields.items() if getattr(account, name) != value]
    today = local_date(now, actor.timezone)
    if actor.is_member:
        _require_ahead({name: fields[name] for name in changed}, today)
    require_known_names(library, {name: fields[name] for name in changed})
    if "stage" in changed:
        await require_gate_open(session, library, account, fields["stage"], now)
    row, former_worth = row_of(library, account, today), worth(account.stage, account.arr)
    details = {name: [_text(getattr(account, name)), _text(fields[name])] for name in changed}
    for name in changed:
        if name != "journey":
            setattr(account, name, fields[name])
    for role, member_id in roles.items():
        if team.roles.get(role) != member_id:
            await set_account_role(session, account_id, role, member_id)
            changed.append(role.value)
    sentences: list[str] = []
    if changed:
        account.updated_at = now
        summary = "changed " + ", ".join(_told(name, details.get(name)) for name in changed)
        record(session, TimelineKind.ACCOUNT_CHANGED, summary, now, account_id=account_id, actor=actor, details=details)
        await note_worth(session, account, former_worth, now, actor)
        await session.flush()
    if set(changed) & set(MemberRole):
        sentences += await hand_over_steps(session, library, account_id, team.roles, actor, now)
    if set(changed) & set(Anchor):
        sentences += await replan_other_runs(session, library, account, now)
        started = await start_for_anchors(session, library, now, account_id=account_id)
        sentences += [f"{run.title} started." for run in started]
    if "journey" in changed:
        sentences.append(await _change_journey(session, library, account, fields["journey"], actor, now))
    if changed:
        sentences += await follow_table(session, library, account, row, today, actor, now, by_hand=changed)
    await refresh_homes(session, [*team.roles.values(), *(m for m in roles.values() if m)], now)
    await redraw_data_checks(session, now)
    return AccountEdit(account, changed, sentences)


async def _change_journey(
    session: AsyncSession, library: Library, account: Account, key: str | None, actor: Actor, now: datetime
) -> str:
    if key:
        return (await put_on_journey(session, library, account.id, key, actor, now)).sentence
    account.journey = account.journey_started_on = None
    return f"{account.name} is on no journey now."


async def set_account_role(session: AsyncSession, account_id: int, role: MemberRole, member_id: int | None) -> None:
    """Put a member into a role of the account's role map; None empties the role."""
    if member_id is None:
        await session.exec(
            delete(AccountRole).where(col(AccountRole.account_id) == account_id, col(AccountRole.role) == role)
        )
        return
    member = await session.get(Member, member_id)
    if member is None or not member.active:
        raise InvalidInput("That person is not a member of the team any more. Pick someone else.", field=f"{role}_id")
    statement = insert_or(session, AccountRole).values(account_id=account_id, role=role, member_id=member_id)
    await session.exec(
        statement.on_conflict_do_update(index_elements=["account_id", "role"], set_={"member_id": member_id})
    )


async def log_sentiment(
    session: AsyncSession,
    library: Library,
    account_id: int,
    sentiment: Sentiment,
    comment: str | None,
    actor: Actor,
    now: datetime,
) -> list[Run]:
    """Keep how the account feels to the team. Returns the playbooks it started."""
    account = await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    words = (comment or "").strip()[:COMMENT_LENGTH] or None
    signal = Signal(
        account_id=account_id,
        kind=SignalKind.SENTIMENT,
        label=sentiment,
        comment=words,
        author_id=actor.on_file,
        source="slack",
        external_id=uuid4().hex,
        observed_at=now,
        created_at=now,
    )
    session.add(signal)
    await session.flush()
    started = await take_sentiment(session, library, account, signal, now, actor=actor)
    await ask_for_evaluation(session, [account_id], now)
    await refresh_homes(session, [actor.member_id], now)
    await redraw_data_checks(session, now)
    return started


async def save_contact(
    session: AsyncSession,
    library: Library,
    account_id: int,
    draft: ContactDraft,
    actor: Actor,
    now: datetime,
    *,
    only_these_roles: bool = False,
) -> Contact:
    """Add a contact, or change the one with this email.

    Roles given are added to those the contact has; with `only_these_roles` they lose the others.
    """
    account = await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    query = select(Contact).where(Contact.account_id == account_id, func.lower(Contact.email) == draft.email)
    contact = (await session.exec(query)).one_or_none()
    is_new = contact is None
    if contact is None:
        contact = Contact(account_id=account_id, name=draft.name, email=draft.email, created_at=now)
        session.add(contact)
    former_roles = contact.roles
    added = [role.value for role in draft.roles if role not in former_roles]
    contact.name = draft.name
    contact.may_email = draft.may_email and contact.unsubscribed_at is None  # only they themselves take that back
    contact.bounced_at = None  # whoever writes the address down once more says that it is right
    contact.title = draft.title or contact.title
    kept = [role for role in former_roles if role in draft.roles or not only_these_roles]
    contact.roles = [*kept, *added]
    standing = f", advocate status {draft.advocate}" if draft.advocate not in {None, contact.advocate} else ""
    contact.advocate = draft.advocate or contact.advocate
    await session.flush()
    roles = f" ({', '.join(added).replace('_', ' ')})" if added else ""
    kind = TimelineKind.CONTACT_ADDED if is_new else TimelineKind.CONTACT_CHANGED
    summary = f"{'added' if is_new else 'changed'} {contact.name}{roles}{standing}"
    record(session, kind, summary, now, account_id=account_id, actor=actor)
    await note_sponsor(session, contact, former_roles, now, actor)
    if draft.nps is not None:
        survey = await _keep_survey(session, contact, draft.nps, actor, now)
        await take_score(session, library, account, contact, survey, now, actor=actor)
    if added:
        await start_for_contact_roles(session, library, account, contact, added, now)
    await redraw_data_checks(session, now)
    return contact


async def _keep_survey(session: AsyncSession, contact: Contact, score: int, actor: Actor, now: datetime) -> Signal:
    survey = Signal(
        account_id=contact.account_id,
        contact_id=contact.id,
        kind=SignalKind.NPS,
        number=score,
        author_id=actor.on_file,
        source="slack",
        external_id=uuid4().hex,
        observed_at=now,
        created_at=now,
    )
    session.add(survey)
    await session.flush()
    await ask_for_evaluation(session, [contact.account_id], now)
    return survey


def _role_changes(values: Mapping[str, Any]) -> dict[MemberRole, Any]:
    return {role: values[name] for name, role in ROLE_FIELDS.items() if name in values}


def _told(name: str, values: list[str | None] | None) -> str:
    """A changed field as the timeline tells it: with both values where they are the account's history."""
    words = name.replace("_", " ")
    if name not in TOLD_IN_FULL or values is None:
        return words
    return f"{words} from {values[0] or 'none'} to {values[1] or 'none'}"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
