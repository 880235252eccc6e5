"""Exceptions from the rule for one account: a playbook that is not run there, or a stage gate that is passed unmet.

The account's team asks for one with a reason and a last day; the playbook's journey owner decides. Until it ends,
nothing starts that playbook on the account, neither by itself nor by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel import select as entity_select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.calendars import at_hour, local_date, working_day_on_or_after
from bot.engine.governance.owners import owners_of
from bot.engine.journal import record
from bot.engine.outbox import enqueue, member_lane, notify, redraw_deliveries
from bot.engine.permissions import may_decide, require_may_decide, require_may_edit_account
from bot.engine.state import Team, load_team, lock_account
from bot.errors import InvalidInput, NotFound, WrongState
from bot.library.library import Library
from bot.models import (
    OPEN_RUNS,
    Account,
    AccountRole,
    DeliveryKind,
    Exemption,
    ExemptionStatus,
    Member,
    MemberRole,
    Run,
    TimelineKind,
)

REASON_LENGTH = 2000
LONGEST = timedelta(days=366)
EARLIEST_HOUR = 9  # of a day on which nobody's hours are known


class Exempt(WrongState):
    """This account is exempt from that."""


@dataclass(frozen=True, slots=True)
class InForce:
    """An approved exemption that has not ended. `until` is its last day."""

    exemption_id: int
    until: date
    reason: str
    approver: str | None


@dataclass(frozen=True)
class ExemptionChange:
    exemption: Exemption
    changed: bool
    sentence: str


async def is_exempt(
    reader: Reader, account_id: int, now: datetime, *, playbook_key: str | None = None, stage: str | None = None
) -> InForce | None:
    """The exemption in force on the account for a playbook or for a stage's gate (one of the two); None: there is none.

    Whether its last day is over is decided where the account's CSM is.
    """
    about = col(Exemption.stage) == stage if stage else col(Exemption.playbook_key) == playbook_key
    for row in (await reader.execute(_in_force(account_id, about, now))).all():
        if row.expires_on >= local_date(now, row.timezone or "UTC"):
            return InForce(row.id, row.expires_on, row.reason, row.approver)
    return None


def _in_force(account_id: int, about: ColumnElement[bool], now: datetime):  # type: ignore[no-untyped-def]  # six columns
    approver, csm = aliased(Member), aliased(Member)
    is_csm = and_(col(AccountRole.account_id) == Exemption.account_id, col(AccountRole.role) == MemberRole.CSM)
    yesterday_somewhere = now.date() - timedelta(days=1)
    return (
        select(
            col(Exemption.id),
            col(Exemption.expires_on),
            col(Exemption.reason),
            approver.name.label("approver"),  # type: ignore[attr-defined]
            csm.timezone.label("timezone"),  # type: ignore[attr-defined]
        )
        .join(approver, col(approver.id) == Exemption.approver_id, isouter=True)
        .join(AccountRole, is_csm, isouter=True)
        .join(csm, col(csm.id) == AccountRole.member_id, isouter=True)
        .where(
            col(Exemption.account_id) == account_id,
            about,
            col(Exemption.status) == ExemptionStatus.APPROVED,
            col(Exemption.expires_on) >= yesterday_somewhere,
        )
        .order_by(col(Exemption.expires_on).desc())
    )


async def request_exemption(
    session: AsyncSession,
    library: Library,
    account_id: int,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    until: date,
    playbook_key: str | None = None,
    stage: str | None = None,
) -> ExemptionChange:
    """Ask for an exemption from a playbook or from a stage's gate, up to and including the day `until`.

    Whoever could approve it need not ask anybody: theirs is approved at once.
    """
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    require_may_edit_account(actor, team.roles)
    _check(reason, until, local_date(now, actor.timezone))
    await _require_none_open(session, account, playbook_key, stage, now)
    exemption = Exemption(
        account_id=account_id,
        playbook_key=playbook_key,
        stage=stage,
        reason=reason.strip(),
        requested_by_id=actor.member_id,
        expires_on=until,
        created_at=now,
    )
    session.add(exemption)
    await session.flush()
    asked = f"asked for an exemption from {about_words(library, exemption)} {_terms(exemption)}"
    _note(session, exemption, asked, actor, now)
    owners = await _owners(session, library, exemption)
    if may_decide(actor, {owner.id for owner in owners}):
        return await _approve(session, library, exemption, account, team, actor, now)
    for owner in owners:
        await enqueue(
            session,
            DeliveryKind.EXEMPTION_REQUEST,
            now,
            lane=member_lane(owner.id),
            member_id=owner.id,
            account_id=account_id,
            payload={"exemption_id": exemption.id},
        )
    names = " or ".join(owner.name for owner in owners[:3]) or "a leader"
    return ExemptionChange(exemption, True, f"Asked {names}. You hear what they decide.")


async def decide_exemption(
    session: AsyncSession, library: Library, exemption_id: int, approve: bool, actor: Actor, now: datetime
) -> ExemptionChange:
    """Approve or decline what was asked for. Deciding the same again changes nothing and says who was first."""
    exemption, account, team = await _load(session, exemption_id)
    await _require_may_decide(session, library, exemption, actor)
    wanted = ExemptionStatus.APPROVED if approve else ExemptionStatus.DECLINED
    if exemption.status is not ExemptionStatus.REQUESTED:
        decider = await session.get(Member, exemption.approver_id) if exemption.approver_id else None
        sentence = f"That was {exemption.status} already by {decider.name if decider else 'somebody'}."
        if exemption.status is wanted:
            return ExemptionChange(exemption, False, sentence)
        raise WrongState(sentence)
    change = (
        await _approve(session, library, exemption, account, team, actor, now)
        if approve
        else _decline(session, library, exemption, account, actor, now)
    )
    if exemption.requested_by_id != actor.member_id:
        await notify(session, exemption.requested_by_id, change.sentence, now, account_id=account.id)
    await redraw_deliveries(session, DeliveryKind.EXEMPTION_REQUEST, {"exemption_id": exemption.id}, now)
    return change


async def end_exemption(
    session: AsyncSession,
    library: Library,
    account_id: int,
    actor: Actor,
    now: datetime,
    *,
    playbook_key: str | None = None,
    stage: str | None = None,
) -> ExemptionChange:
    """The rule holds again from today on: for a playbook or for a stage's gate (one of the two)."""
    account = await lock_account(session, account_id)
    team = await load_team(session, account_id)
    connection = await session.connection()
    in_force = await is_exempt(connection, account_id, now, playbook_key=playbook_key, stage=stage)
    if in_force is None:
        raise NotFound(f"{account.name} has no exemption from that. `/playbook exemptions` lists them.")
    exemption = await session.get_one(Exemption, in_force.exemption_id)
    await _require_may_decide(session, library, exemption, actor)
    exemption.expires_on = _today(team, now) - timedelta(days=1)
    about = about_words(library, exemption)
    _note(session, exemption, f"ended the exemption from {about}", actor, now)
    return ExemptionChange(exemption, True, f"{account.name} is no longer exempt from {about}.")


async def require_not_exempt(
    session: AsyncSession, library: Library, account: Account, playbook_key: str, now: datetime
) -> None:
    """Raises Exempt with who approved it, until when and why."""
    found = await is_exempt(await session.connection(), account.id, now, playbook_key=playbook_key)
    if found is None:
        return
    playbook = library.approved(playbook_key)
    raise Exempt(
        f"{account.name} is exempt from {playbook.title if playbook else playbook_key} until {_day(found.until)}"
        f" (approved by {found.approver or 'somebody'}): {found.reason} "
        f"To end that: `/playbook exempt {playbook_key} {account.key} end`."
    )


async def _approve(
    session: AsyncSession,
    library: Library,
    exemption: Exemption,
    account: Account,
    team: Team,
    actor: Actor,
    now: datetime,
) -> ExemptionChange:
    if exemption.expires_on < _today(team, now):
        raise WrongState("Its last day is over: decline it, and have them ask anew if it is still needed.")
    exemption.status, exemption.approver_id, exemption.decided_at = ExemptionStatus.APPROVED, actor.member_id, now
    about = about_words(library, exemption)
    _note(session, exemption, f"approved the exemption from {about} {_terms(exemption)}", actor, now)
    await _tell_its_end(session, exemption, team, now)
    sentence = f"{account.name} is exempt from {about} until {_day(exemption.expires_on)}."
    if exemption.stage:
        sentence += f" It may go on to the next stage: /account edit {account.key}"
    if await _is_running(session, exemption):
        cancel = f"/playbook cancel {exemption.playbook_key} {account.key} because …"
        sentence += f" It is under way there; to call it off: {cancel}"
    return ExemptionChange(exemption, True, sentence)


async def _is_running(session: AsyncSession, exemption: Exemption) -> bool:
    query = entity_select(Run.id).where(
        Run.account_id == exemption.account_id,
        Run.playbook_key == exemption.playbook_key,
        col(Run.status).in_(OPEN_RUNS),
    )
    return (await session.exec(query)).first() is not None


def _decline(
    session: AsyncSession, library: Library, exemption: Exemption, account: Account, actor: Actor, now: datetime
) -> ExemptionChange:
    exemption.status, exemption.approver_id, exemption.decided_at = ExemptionStatus.DECLINED, actor.member_id, now
    about = about_words(library, exemption)
    _note(session, exemption, f"declined the exemption from {about}", actor, now)
    sentence = f"{actor.name} declined the exemption of {account.name} from {about}: the rule holds."
    return ExemptionChange(exemption, True, sentence)


async def _tell_its_end(session: AsyncSession, exemption: Exemption, team: Team, now: datetime) -> None:
    """On the working day after its last day the CSM hears of it: who that is then is looked up when it is sent."""
    csm = team.csm
    day = exemption.expires_on + timedelta(days=1)
    morning = (
        at_hour(working_day_on_or_after(day, csm.country), csm.workday_start, csm.timezone)
        if csm
        else at_hour(day, EARLIEST_HOUR, "UTC")
    )
    await enqueue(
        session,
        DeliveryKind.EXEMPTION_OVER,
        now,
        lane=member_lane(csm.id) if csm else f"account-{exemption.account_id}",
        member_id=csm.id if csm else None,
        account_id=exemption.account_id,
        payload={"exemption_id": exemption.id, "until": exemption.expires_on.isoformat()},
        delay=morning - now,
    )


async def _load(session: AsyncSession, exemption_id: int) -> tuple[Exemption, Account, Team]:
    query = entity_select(Exemption.account_id).where(Exemption.id == exemption_id)
    account_id = (await session.exec(query)).one_or_none()
    if account_id is None:
        raise NotFound("That exemption is not there any more. `/playbook exemptions` lists them.")
    account = await lock_account(session, account_id)
    exemption = await session.get_one(Exemption, exemption_id, populate_existing=True)
    return exemption, account, await load_team(session, account_id)


async def _require_may_decide(session: AsyncSession, library: Library, exemption: Exemption, actor: Actor) -> None:
    require_may_decide(actor, await _owners(session, library, exemption))


async def _require_none_open(
    session: AsyncSession, account: Account, playbook_key: str | None, stage: str | None, now: datetime
) -> None:
    query = entity_select(Exemption).where(
        Exemption.account_id == account.id,
        col(Exemption.playbook_key).is_not_distinct_from(playbook_key),
        col(Exemption.stage).is_not_distinct_from(stage),
        Exemption.status == ExemptionStatus.REQUESTED,
        Exemption.expires_on >= now.date(),
    )
    if (await session.exec(query)).first():
        raise WrongState(f"{account.name}: that has been asked for already, and waits for an answer.")
    connection = await session.connection()
    if found := await is_exempt(connection, account.id, now, playbook_key=playbook_key, stage=stage):
        raise WrongState(f"{account.name} is exempt from that already, until {_day(found.until)}.")


def _check(reason: str, until: date, today: date) -> None:
    if not reason.strip():
        raise InvalidInput("Say why, in a few words: it is what the owner decides by.", field="reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(f"At most {REASON_LENGTH} characters, please.", field="reason")
    if until < today:
        raise InvalidInput("That day is over. Choose the last day of the exemption.", field="until")
    if until > today + LONGEST:
        raise InvalidInput("A year is the longest: after that, ask again.", field="until")


def _note(session: AsyncSession, exemption: Exemption, summary: str, actor: Actor, now: datetime) -> None:
    kinds = {
        ExemptionStatus.REQUESTED: TimelineKind.EXEMPTION_REQUESTED,
        ExemptionStatus.APPROVED: TimelineKind.EXEMPTION_APPROVED,
        ExemptionStatus.DECLINED: TimelineKind.EXEMPTION_DECLINED,
    }
    kind = kinds[exemption.status]
    record(session, kind, summary, now, account_id=exemption.account_id, actor=actor, details={"id": exemption.id})


def about_words(library: Library, exemption: Exemption) -> str:
    """What an account is exempt from: `Renewal`, `the gate of the stage Onboarding`."""
    if exemption.stage:
        return f"the gate of the stage {library.stages.titles.get(exemption.stage, exemption.stage)}"
    key = exemption.playbook_key or ""
    playbook = library.approved(key)
    return playbook.title if playbook else key


async def _owners(session: AsyncSession, library: Library, exemption: Exemption) -> Sequence[Member]:
    """Of the playbook; about a stage's gate the leaders decide."""
    owner = library.owner(exemption.playbook_key) if exemption.playbook_key else None
    return await owners_of(session, owner, exemption.account_id)


def _terms(exemption: Exemption) -> str:
    return f"until {_day(exemption.expires_on)}: {exemption.reason}"


def _today(team: Team, now: datetime) -> date:
    return team.today(now)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
