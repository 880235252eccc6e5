"""Answering escalations: acknowledge, ask back, resolve; and what happens when nobody does."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.informing import inform_of_done
from bot.engine.journal import record
from bot.engine.outbox import enqueue, notify, redraw_escalation, refresh_homes
from bot.engine.permissions import require_may_acknowledge, require_may_answer_escalation
from bot.engine.progress import advance, show_changes
from bot.engine.raising import ESCALATION_LANE, any_leader, tell_leaders, watch
from bot.engine.state import Team, load_run_of_step, load_team
from bot.engine.touchpoints import cancel_planned, cancel_touchpoints
from bot.engine.transitions import ESCALATION_FROM
from bot.errors import InvalidInput, NotFound, WrongState
from bot.library.library import Library
from bot.models import (
    Account,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Rung,
    RunStatus,
    StepKind,
    StepStatus,
    TimelineKind,
    Touchpoint,
)

ANSWER_LENGTH = 3000


@dataclass(frozen=True)
class EscalationChange:
    escalation: Escalation
    changed: bool
    sentence: str


async def acknowledge_escalation(
    session: AsyncSession, escalation_id: int, actor: Actor, now: datetime
) -> EscalationChange:
    """Take an escalation: whoever acknowledges owns it from then on, and it stops climbing."""
    escalation, team = await load_answerable(session, escalation_id, actor)
    if escalation.status is EscalationStatus.ACKNOWLEDGED:
        who = await _name(session, team, escalation.acknowledged_by_id)
        return EscalationChange(escalation, False, f"{who} has acknowledged this already.")
    _require(escalation, EscalationStatus.ACKNOWLEDGED)
    require_may_acknowledge(actor, escalation, team.roles, await _deputies(session, escalation, team))
    escalation.acknowledged_at, escalation.acknowledged_by_id = now, actor.member_id
    escalation.owner_id = actor.member_id
    sentence = f"{actor.name} acknowledged this and is on it."
    await _set(session, escalation, EscalationStatus.ACKNOWLEDGED)
    await _tell(session, escalation, TimelineKind.ESCALATION_ACKNOWLEDGED, "acknowledged", sentence, actor, team, now)
    await _answer_raiser(session, escalation, f"{actor.name} has it now.", actor, now)
    return EscalationChange(escalation, True, sentence)


async def ask_for_info(
    session: AsyncSession, escalation_id: int, actor: Actor, now: datetime, *, question: str
) -> EscalationChange:
    """Ask whoever raised it for more. The clock keeps running until someone takes the escalation."""
    escalation, team = await load_answerable(session, escalation_id, actor)
    text = _text(question, "question", "Say what you need to know.")
    if escalation.status is not EscalationStatus.INFO_NEEDED:
        _require(escalation, EscalationStatus.INFO_NEEDED)
    escalation.status = EscalationStatus.INFO_NEEDED
    escalation.revision += 1
    sentence = f"{actor.name} asks: {text}"
    summary = f"asked for more about the escalation: {text}"
    await _tell(session, escalation, TimelineKind.ESCALATION_INFO_NEEDED, summary, sentence, actor, team, now)
    asked = escalation.raised_by_id or team.roles.get(MemberRole.CSM)
    if asked and asked != actor.member_id:
        await notify(session, asked, f"About your escalation: {sentence}", now, account_id=escalation.account_id)
    return EscalationChange(escalation, True, sentence)


async def resolve_escalation(
    session: AsyncSession, library: Library, escalation_id: int, actor: Actor, now: datetime, *, resolution: str
) -> EscalationChange:
    """Close an escalation and say how it ended. The step that raised it by itself is completed with it."""
    escalation, team = await load_answerable(session, escalation_id, actor)
    if escalation.status is EscalationStatus.RESOLVED:
        who = await _name(session, team, escalation.resolved_by_id)
        return EscalationChange(escalation, False, f"{who} has resolved this already: {escalation.resolution}")
    _require(escalation, EscalationStatus.RESOLVED)
    escalation.resolution = _text(resolution, "resolution", "Say how it was resolved.")
    escalation.resolved_at, escalation.resolved_by_id = now, actor.member_id
    if escalation.acknowledged_at is None:
        escalation.acknowledged_at, escalation.acknowledged_by_id = now, actor.member_id
    sentence = f"{actor.name} resolved this: {escalation.resolution}"
    await _set(session, escalation, EscalationStatus.RESOLVED)
    summary = f"resolved the escalation: {escalation.resolution}"
    await _tell(session, escalation, TimelineKind.ESCALATION_RESOLVED, summary, sentence, actor, team, now)
    await _answer_raiser(session, escalation, sentence, actor, now)
    if escalation.code_red:
        account = await session.get_one(Account, escalation.account_id)
        await tell_leaders(session, escalation, f"The code red at {account.name} is over. {sentence}", now)
    await _complete_its_step(session, library, escalation, actor, now)
    return EscalationChange(escalation, True, sentence)


async def _answer_raiser(
    session: AsyncSession, escalation: Escalation, sentence: str, actor: Actor, now: datetime
) -> None:
    """Whoever asked for help need not watch the channel to learn what came of it."""
    asked_by = escalation.raised_by_id
    if asked_by is None or asked_by == actor.member_id:
        return
    account = await session.get_one(Account, escalation.account_id)
    await notify(session, asked_by, f"Your escalation for {account.name}: {sentence}", now, account_id=account.id)


async def climb(session: AsyncSession, library: Library, escalation: Escalation, now: datetime) -> str:
    """Hand an escalation nobody took to the next person: the owner's deputy, then a leader who is not the owner.

    The next person is mentioned in the thread and told directly; with nobody left to ask, the owner is reminded once.
    When a leader it climbed to has not taken it either, the leaders' channel hears of it, once. Returns the sentence
    that was told.
    """
    if escalation.rung is Rung.LEADER:
        return await _tell_leaders(session, escalation, now)
    team = await load_team(session, escalation.account_id)
    owner = await session.get_one(Member, escalation.owner_id)
    found = await _next_rung(session, escalation, owner, team)
    if found is None:
        return await _remind(session, escalation, owner, now)
    rung, successor = found
    escalation.rung, escalation.owner_id = rung, successor.id
    escalation.acknowledge_by = now + library.escalation_policy.time_to_acknowledge(escalation.severity)
    escalation.revision += 1
    watch(session, escalation)
    sentence = f"{owner.name} has not acknowledged this in time. It is now with {successor.name} ({rung})."
    summary = f"went to {successor.name}"
    kind = TimelineKind.ESCALATION_CLIMBED
    await _tell(session, escalation, kind, summary, sentence, None, team, now, mention=successor)
    late = f"{owner.name} has not acknowledged it in time, so it is now with you"
    await _ask_directly(session, escalation, successor, late, now)
    await refresh_homes(session, [owner.id, successor.id], now)
    return sentence


async def _remind(session: AsyncSession, escalation: Escalation, owner: Member, now: datetime) -> str:
    """Once, as no further touchpoint is planned."""
    why = "it still waits for you, and there is nobody else to ask"
    return await _ask_directly(session, escalation, owner, why, now)


async def _tell_leaders(session: AsyncSession, escalation: Escalation, now: datetime) -> str:
    account = await session.get_one(Account, escalation.account_id)
    owner = await session.get_one(Member, escalation.owner_id)
    what = f"the {escalation.severity} escalation of {account.name}"
    text = f"Nobody has taken {what}. It is with {owner.name}: {escalation.ask}"
    await tell_leaders(session, escalation, text, now)
    return text


async def _ask_directly(session: AsyncSession, escalation: Escalation, member: Member, why: str, now: datetime) -> str:
    account = await session.get_one(Account, escalation.account_id)
    text = (
        f"The {escalation.severity} escalation for {account.name}: {why}. "
        f"Please acknowledge it in the escalation channel. What is needed: {escalation.ask}"
    )
    await notify(session, member.id, text, now, account_id=account.id)
    return text


async def _next_rung(
    session: AsyncSession, escalation: Escalation, owner: Member, team: Team
) -> tuple[Rung, Member] | None:
    if escalation.rung is Rung.OWNER and owner.deputy_id:
        deputy = await session.get(Member, owner.deputy_id)
        if deputy and deputy.active and deputy.id != owner.id:
            return Rung.DEPUTY, deputy
    leader = await any_leader(session, team, but=owner.id)
    return (Rung.LEADER, leader) if leader else None


async def load_answerable(session: AsyncSession, escalation_id: int, actor: Actor) -> tuple[Escalation, Team]:
    """The escalation, locked, and the account's team. Raises NotFound, and NotAllowed for who may not answer it."""
    escalation = await session.get(Escalation, escalation_id, with_for_update=True)
    if escalation is None:
        raise NotFound("That escalation is not there any more.")
    team = await load_team(session, escalation.account_id)
    require_may_answer_escalation(actor, escalation, team.roles, await _deputies(session, escalation, team))
    return escalation, team


async def _deputies(session: AsyncSession, escalation: Escalation, team: Team) -> list[int]:
    """Who stands in for the one who has the escalation, and for the one it was first meant for."""
    asked = {escalation.owner_id, team.roles.get(escalation.target, escalation.owner_id)}
    query = select(Member.deputy_id).where(col(Member.id).in_(asked))
    return [deputy for deputy in (await session.exec(query)).all() if deputy is not None]


async def _set(session: AsyncSession, escalation: Escalation, status: EscalationStatus) -> None:
    escalation.status = status
    escalation.revision += 1
    await cancel_planned(session, col(Touchpoint.escalation_id) == escalation.id)


async def _tell(
    session: AsyncSession,
    escalation: Escalation,
    kind: TimelineKind,
    summary: str,
    sentence: str,
    actor: Actor | None,
    team: Team,
    now: datetime,
    *,
    mention: Member | None = None,
) -> None:
    """What `tell_thread` tells, and Home tabs."""
    await tell_thread(session, escalation, kind, summary, sentence, actor, now, mention=mention)
    concerned = [escalation.owner_id, escalation.raised_by_id, team.roles.get(MemberRole.CSM)]
    await refresh_homes(session, [*concerned, actor.member_id if actor else None], now)


async def tell_thread(
    session: AsyncSession,
    escalation: Escalation,
    kind: TimelineKind,
    summary: str,
    sentence: str,
    actor: Actor | None,
    now: datetime,
    *,
    mention: Member | None = None,
) -> None:
    """Timeline, thread and message. `mention` is who must hear of it: a redrawn message calls nobody."""
    record(
        session,
        kind,
        summary,
        now,
        account_id=escalation.account_id,
        actor=actor,
        run_id=escalation.run_id,
        step_id=escalation.step_id,
        escalation_id=escalation.id,
    )
    await enqueue(
        session,
        DeliveryKind.ESCALATION_UPDATE,
        now,
        lane=ESCALATION_LANE,
        account_id=escalation.account_id,
        payload={"escalation_id": escalation.id, "text": sentence}
        | ({"mention_member_ids": [mention.id]} if mention else {}),
    )
    await redraw_escalation(session, escalation.id, now)


async def _complete_its_step(
    session: AsyncSession, library: Library, escalation: Escalation, actor: Actor, now: datetime
) -> None:
    """The step that raised it, that is: one a person escalated from is still theirs to finish."""
    if escalation.step_id is None or escalation.run_id is None:
        return
    state = await load_run_of_step(session, library, escalation.step_id)
    step = state.step(escalation.step_id)
    if state.run.id != escalation.run_id or step.kind is not StepKind.ESCALATION:
        return
    if step.status not in {StepStatus.OPEN, StepStatus.BLOCKED}:
        return
    step.status, step.reason = StepStatus.DONE, escalation.resolution
    step.finished_at, step.finished_by_id = now, actor.member_id
    step.revision += 1
    await cancel_touchpoints(session, [step.id])
    await inform_of_done(session, state, step, actor, now)
    affected = await advance(session, library, state, actor, now) if state.run.status is RunStatus.ACTIVE else []
    await show_changes(session, state, [step, *affected], actor, now)


async def _name(session: AsyncSession, team: Team, member_id: int | None) -> str:
    member = team.members.get(member_id or 0) or (await session.get(Member, member_id) if member_id else None)
    return member.name if member else "Someone"


def _require(escalation: Escalation, status: EscalationStatus) -> None:
    if escalation.status not in ESCALATION_FROM[status]:
        raise WrongState(f"This escalation is {escalation.status.replace('_', ' ')} already.")


def _text(text: str, field: str, empty: str) -> str:
    if not text.strip():
        raise InvalidInput(empty, field=field)
    if len(text) > ANSWER_LENGTH:
        raise InvalidInput(f"That is {len(text):,} characters; the limit is {ANSWER_LENGTH:,}.", field=field)
    return text.strip()
