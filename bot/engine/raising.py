"""Raising an escalation: who owns it, until when someone must take it, and the message it becomes."""

from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.journal import record
from bot.engine.outbox import LEADERS, enqueue, refresh_homes
from bot.engine.owners import owner_members
from bot.engine.permissions import require_may_escalate
from bot.engine.state import Team, load_playbooks_of, load_team
from bot.errors import InvalidInput, NotFound
from bot.library.library import Library
from bot.models import (
    Account,
    DeliveryKind,
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Run,
    Severity,
    Step,
    TimelineKind,
    Touchpoint,
    TouchpointKind,
)
from bot.models.columns import constant

ESCALATION_LANE = "#escalations"
TARGETS = (MemberRole.AE, MemberRole.LEADER)
ASK_LENGTH = 2000


async def raise_escalation(
    session: AsyncSession,
    library: Library,
    account_id: int,
    actor: Actor | None,
    now: datetime,
    *,
    target: MemberRole,
    severity: Severity,
    ask: str,
    deadline: date | None = None,
    tried: str | None = None,
    step_id: int | None = None,
    run_id: int | None = None,
    code_red: bool = False,
) -> Escalation:
    """Call for help. It is posted to the escalation channel, and climbs when nobody takes it in time.

    With `code_red` the leaders' channel is called, too.

    Without an actor it is Playcall itself that calls. From a playbook with an escalation owner it goes to them, whoever
    is asked. Raises NotAllowed for people who have nothing to do with the
    account, NotFound for a step or run of another account, and InvalidInput for an empty or over-long ask, a deadline
    that is past where the actor is, or when there is nobody to ask.
    """
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound("That account is not there any more.")
    step = await _step_of(session, account_id, step_id)
    await _require_run_of(session, account_id, run_id)
    team = await load_team(session, account_id)
    if actor:
        require_may_escalate(actor, step, team.roles)
    ask = _check_ask(ask)
    if actor and deadline and deadline < local_date(now, actor.timezone):
        raise InvalidInput("That date is past. Pick today or a later day.", field="deadline")
    from_run = run_id or (step.run_id if step else None)
    owner = await _owner_of_run(session, library, from_run, account_id) if from_run else None
    owner = owner or await owner_for(session, team, target, account)
    escalation = Escalation(
        account_id=account_id,
        step_id=step_id,
        run_id=run_id,
        raised_by_id=actor.member_id if actor else None,
        target=target,
        owner_id=owner.id,
        severity=severity,
        ask=ask,
        tried=(tried or "").strip()[:ASK_LENGTH] or None,
        deadline=deadline,
        code_red=code_red,
        created_at=now,
        acknowledge_by=now + library.escalation_policy.time_to_acknowledge(severity),
    )
    session.add(escalation)
    await session.flush()
    watch(session, escalation)
    record(
        session,
        TimelineKind.ESCALATION_RAISED,
        f"escalated to {owner.name} ({severity}): {ask}",
        now,
        account_id=account_id,
        actor=actor,
        run_id=run_id,
        step_id=step_id,
        escalation_id=escalation.id,
    )
    await enqueue(
        session,
        DeliveryKind.ESCALATION,
        now,
        lane=ESCALATION_LANE,
        account_id=account_id,
        payload={"escalation_id": escalation.id},
    )
    if code_red:
        text = f"Code red at {account.name}, called by {actor.name if actor else 'Playcall'}: {ask}"
        await tell_leaders(session, escalation, text, now, mention=owner)
    await refresh_homes(session, [owner.id, actor.member_id if actor else None], now)
    return escalation


async def open_code_red(session: AsyncSession, account_id: int) -> Escalation | None:
    """The escalation for which the account is in code red now."""
    query = select(Escalation).where(
        Escalation.account_id == account_id,
        col(Escalation.code_red).is_(True),
        col(Escalation.status) != constant(EscalationStatus.RESOLVED),
    )
    return (await session.exec(query.order_by(col(Escalation.id)))).first()


async def tell_leaders(
    session: AsyncSession, escalation: Escalation, text: str, now: datetime, *, mention: Member | None = None
) -> None:
    """Say something about an escalation in the leaders' channel. `mention` is who is called by it."""
    await enqueue(
        session,
        DeliveryKind.NOTICE,
        now,
        lane="#leaders",
        account_id=escalation.account_id,
        payload={"place": LEADERS, "text": text} | ({"mention_member_ids": [mention.id]} if mention else {}),
    )


def watch(session: AsyncSession, escalation: Escalation) -> None:
    """Plan the moment at which the escalation climbs if nobody has taken it."""
    session.add(
        Touchpoint(
            kind=TouchpointKind.UNACKNOWLEDGED,
            account_id=escalation.account_id,
            escalation_id=escalation.id,
            revision=escalation.revision,
            fire_at=escalation.acknowledge_by,
        )
    )


async def _owner_of_run(session: AsyncSession, library: Library, run_id: int, account_id: int) -> Member | None:
    """The escalation owner of the run's playbook, if it names one."""
    owner = (await load_playbooks_of(session, library, [run_id]))[run_id].owners.escalation
    members = await owner_members(session, owner, account_id) if owner else []
    return members[0] if members else None


async def owner_for(session: AsyncSession, team: Team, target: MemberRole, account: Account) -> Member:
    """The account's member in the role; without one, the account's leader, then any leader, then the CSM."""
    if owner := team.in_role(target) or await any_leader(session, team) or team.csm:
        return owner
    raise InvalidInput(f"There is nobody to escalate to. Set a leader with `/account edit {account.key}`.")


async def any_leader(session: AsyncSession, team: Team, *, but: int | None = None) -> Member | None:
    """The account's leader, else any active one; never the member `but`."""
    if (leader := team.in_role(MemberRole.LEADER)) and leader.id != but:
        return leader
    query = select(Member).where(Member.role == MemberRole.LEADER, col(Member.active), Member.id != (but or 0))
    return (await session.exec(query.order_by(col(Member.id)).limit(1))).one_or_none()


async def _step_of(session: AsyncSession, account_id: int, step_id: int | None) -> Step | None:
    step = await session.get(Step, step_id) if step_id is not None else None
    if step_id is not None and (step is None or step.account_id != account_id):
        raise NotFound("That step is not there any more. The Home tab shows what is current.")
    return step


async def _require_run_of(session: AsyncSession, account_id: int, run_id: int | None) -> None:
    run = await session.get(Run, run_id) if run_id is not None else None
    if run_id is not None and (run is None or run.account_id != account_id):
        raise NotFound("That playbook is not running on this account.")


def _check_ask(ask: str) -> str:
    if not ask.strip():
        raise InvalidInput("Say what you need, in a sentence.", field="ask")
    if len(ask) > ASK_LENGTH:
        raise InvalidInput(f"That is {len(ask):,} characters; the limit is {ASK_LENGTH:,}. Shorten it.", field="ask")
    return ask.strip()
