"""Starting, pausing and ending runs."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.governance.starting import playbook_to_start
from bot.engine.journal import record
from bot.engine.owners import owner_members
from bot.engine.permissions import require_may_run_playbooks
from bot.engine.progress import advance, end_run, replan, reschedule, show_changes
from bot.engine.state import RunState, Team, load_run, load_team, lock_account
from bot.engine.touchpoints import cancel_touchpoints
from bot.engine.transitions import RUN_FROM
from bot.engine.variants import shape_for
from bot.errors import AlreadyRunning, InvalidInput, NotFound, WrongState
from bot.library.conditions import holds
from bot.library.contents import store_variant, store_version
from bot.library.facts import account_facts, contact_facts
from bot.library.library import Library
from bot.library.references import CONFIRM_OUTCOME
from bot.library.schema import Playbook, StepSpec
from bot.models import OPEN_RUNS, Account, Contact, Member, Run, RunStatus, Step, StepStatus, TimelineKind


@dataclass(frozen=True)
class RunChange:
    run: Run
    changed: bool
    sentence: str


async def start_run(
    session: AsyncSession,
    library: Library,
    account_id: int,
    playbook_key: str,
    now: datetime,
    *,
    actor: Actor | None,
    contact_id: int | None = None,
    trigger_key: str | None = None,
    invited: bool = False,
) -> Run:
    """Start a playbook on an account, or on one of its contacts. No actor means a trigger started it.

    `invited`: whoever acts was asked by Playcall whether to start it, and may so in any role.

    The run is pinned to the version of the playbook that is in use now, as overlays shape it for this account. Day zero
    is today where the CSM is. Steps whose day is past already, as when a renewal playbook starts late, are due now.
    Raises AlreadyRunning when the playbook is under way there, and what stands in the way: it waits for approval, is
    switched off, or the account is exempt.
    """
    account = await lock_account(session, account_id)
    base = await playbook_to_start(session, library, account, playbook_key, now)
    team = await load_team(session, account_id)
    if actor and not invited:
        require_may_run_playbooks(actor, team.roles)
    contact = await _contact(session, base, account, contact_id)
    await _require_not_running(session, account, base, contact_id)
    started_on = team.today(now)
    shaped = shape_for(library, base, account, team, started_on)
    playbook = shaped.playbook
    confirmer = await find_confirmer(session, playbook, account, team)
    # whatever can be wrong is found before anything is written
    steps = new_steps(playbook, account, contact, team, started_on, confirmer)
    version_id = await store_version(session, base, now)
    run = Run(
        account_id=account_id,
        contact_id=contact_id,
        playbook_version_id=version_id,
        variant_id=await store_variant(session, version_id, shaped, now),
        playbook_key=playbook.key,
        title=f"{playbook.title}: {contact.name}"[:200] if contact else playbook.title,
        trigger_key=trigger_key,
        started_on=started_on,
        started_at=now,
        started_by_id=actor.member_id if actor else None,
    )
    session.add(run)
    await session.flush()
    for step in steps:
        step.run_id = run.id
    session.add_all(steps)
    await session.flush()
    state = RunState(run, account, playbook, steps, team)
    replan(state)
    because = "" if actor else " by itself"
    record(
        session,
        TimelineKind.RUN_STARTED,
        f"started {run.title}{because}",
        now,
        account_id=account_id,
        actor=actor,
        run_id=run.id,
        details={"trigger": trigger_key},
    )
    await advance(session, library, state, actor, now)
    await show_changes(session, state, state.steps, actor, now)
    return run


async def pause_run(session: AsyncSession, library: Library, run_id: int, actor: Actor, now: datetime) -> RunChange:
    """Nothing of a paused run speaks up until it is resumed."""
    state = await _load(session, library, run_id, actor)
    if state.run.status is RunStatus.PAUSED:
        return RunChange(state.run, False, f"{state.run.title} is paused already.")
    _require(state.run, RunStatus.PAUSED)
    state.run.status = RunStatus.PAUSED
    await cancel_touchpoints(session, [step.id for step in state.steps])
    return await _changed(session, state, TimelineKind.RUN_PAUSED, "paused", actor, now)


async def resume_run(session: AsyncSession, library: Library, run_id: int, actor: Actor, now: datetime) -> RunChange:
    """What became due in the meantime speaks up again."""
    state = await _load(session, library, run_id, actor)
    if state.run.status is RunStatus.ACTIVE:
        return RunChange(state.run, False, f"{state.run.title} is running already.")
    _require(state.run, RunStatus.ACTIVE)
    state.run.status = RunStatus.ACTIVE
    replan(state)
    await reschedule(session, state, [step for step in state.steps if step.status is StepStatus.OPEN], now)
    await advance(session, library, state, actor, now)
    return await _changed(session, state, TimelineKind.RUN_RESUMED, "resumed", actor, now)


async def cancel_run(
    session: AsyncSession, library: Library, run_id: int, actor: Actor, now: datetime, *, reason: str
) -> RunChange:
    state = await _load(session, library, run_id, actor)
    if state.run.status is RunStatus.CANCELLED:
        return RunChange(state.run, False, f"{state.run.title} is cancelled already.")
    _require(state.run, RunStatus.CANCELLED)
    if not reason.strip():
        raise InvalidInput("Say why it is cancelled, in a few words.", field="reason")
    left = await end_run(session, state, RunStatus.CANCELLED, actor, now, reason.strip())
    sentence = f"{actor.name} cancelled {state.run.title}: {reason.strip()}"
    await show_changes(session, state, left, actor, now, sentence=sentence)
    return RunChange(state.run, True, sentence)


def new_steps(
    playbook: Playbook,
    account: Account,
    contact: Contact | None,
    team: Team,
    started_on: date,
    confirmer: Member | None,
) -> list[Step]:
    """The steps of a run of this playbook that starts on that day, not yet part of any run.

    `confirmer` is who confirms the exit criteria at its end.
    """
    about = contact_facts(contact, started_on) if contact else {}
    facts = {"account": account_facts(account, started_on), "contact": about}
    steps = []
    for position, spec in enumerate(playbook.run_steps):
        assignee, role_missing = team.assignee_for(spec.role, account)
        if spec.key == CONFIRM_OUTCOME and confirmer:
            assignee, role_missing = confirmer, False
        applies = holds(spec.when, facts)
        steps.append(
            Step(
                account_id=account.id,
                key=spec.key,
                position=position,
                title=spec.title,
                kind=spec.kind,
                role=spec.role,
                assignee_id=assignee.id,
                role_missing=role_missing,
                status=StepStatus.WAITING if applies else StepStatus.NOT_APPLICABLE,
                reason=None if applies else _does_not_apply(spec),
            )
        )
    return steps


async def find_confirmer(session: AsyncSession, playbook: Playbook, account: Account, team: Team) -> Member | None:
    """Who is to say whether the exit criteria were met; None when there are none, or nobody but the CSM to say it."""
    owners = await owner_members(session, playbook.owners.outcome, account.id) if playbook.exit_criteria else []
    if not owners:
        return None
    team.members[owners[0].id] = owners[0]
    return owners[0]


def _does_not_apply(spec: StepSpec) -> str:
    return f"does not apply to this account ({spec.when})"


async def _contact(
    session: AsyncSession, playbook: Playbook, account: Account, contact_id: int | None
) -> Contact | None:
    if playbook.subject == "account":
        return None
    if contact_id is None:
        raise InvalidInput(f"{playbook.title} runs on one contact. Say which.", field="contact")
    contact = await session.get(Contact, contact_id)
    if contact is None or contact.account_id != account.id:
        raise NotFound(f"{account.name} has no such contact. Add one with `/account contact {account.key}`.")
    return contact


async def _require_not_running(
    session: AsyncSession, account: Account, playbook: Playbook, contact_id: int | None
) -> None:
    on_contact = contact_id if playbook.subject == "contact" else None
    query = select(Run).where(
        Run.account_id == account.id,
        Run.playbook_key == playbook.key,
        col(Run.contact_id).is_not_distinct_from(on_contact),
        col(Run.status).in_(OPEN_RUNS),
    )
    if running := (await session.exec(query)).first():
        since = f"{running.started_on.day} {running.started_on:%b %Y}"
        raise AlreadyRunning(f"{running.title} is {running.status} on {account.name} since {since}.", run_id=running.id)


async def _load(session: AsyncSession, library: Library, run_id: int, actor: Actor) -> RunState:
    state = await load_run(session, library, run_id)
    require_may_run_playbooks(actor, state.team.roles)
    return state


def _require(run: Run, status: RunStatus) -> None:
    if run.status not in RUN_FROM[status]:
        raise WrongState(f"{run.title} is {run.status}. `/playbook start` starts it anew.")


async def _changed(
    session: AsyncSession, state: RunState, kind: TimelineKind, verb: str, actor: Actor, now: datetime
) -> RunChange:
    run = state.run
    record(session, kind, f"{verb} {run.title}", now, account_id=run.account_id, actor=actor, run_id=run.id)
    sentence = f"{actor.name} {verb} {run.title}."
    await show_changes(session, state, state.steps, actor, now, sentence=sentence)
    return RunChange(run, True, sentence)
