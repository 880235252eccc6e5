"""Taking an open run over to the version of its playbook that is in use now.

What is finished stays finished, by the step's key. Steps the new version adds are added, open ones it does not have are
called off, and the dates of the rest are worked out anew. It happens only when somebody asks for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.governance.owners import owners_of
from bot.engine.journal import record
from bot.engine.permissions import require_may_move_run
from bot.engine.planning import anchor_dates, plan_due_dates
from bot.engine.progress import advance, replan, reschedule, settled_days, show_changes
from bot.engine.runs import RunChange, find_confirmer, new_steps
from bot.engine.state import RunState, load_run
from bot.engine.touchpoints import cancel_touchpoints
from bot.engine.transitions import UNFINISHED
from bot.engine.variants import shape_for
from bot.errors import NotFound, WrongState
from bot.library.contents import store_variant, store_version
from bot.library.library import Library
from bot.library.resolving import Resolved
from bot.library.schema import Playbook
from bot.models import ACTIONABLE, OPEN_RUNS, Contact, Member, Run, RunStatus, Step, StepStatus, TimelineKind

MOST_AT_ONCE = 25
LEFT_BEHIND = "no longer part of the playbook"


@dataclass(frozen=True, slots=True)
class MovedStep:
    title: str
    before: date | None
    after: date | None


@dataclass(frozen=True)
class Move:
    """What moving a run would change: steps as they will be called, with their dates."""

    added: tuple[MovedStep, ...]
    dropped: tuple[str, ...]
    moved: tuple[MovedStep, ...]
    kept: int  # finished steps that stay finished
    changes: bool = True  # False: the run is what it would become


@dataclass(frozen=True)
class _Shape:
    """A run's steps under another version. `assignees` are those of all its steps, by key."""

    resolved: Resolved
    added: list[Step]
    dropped: list[Step]
    stays: list[Step]
    assignees: Mapping[str, tuple[Member, bool]]

    @property
    def playbook(self) -> Playbook:
        """As overlays shape it for the account."""
        return self.resolved.playbook


async def runs_to_move(
    session: AsyncSession, library: Library, key: str, account_id: int | None = None
) -> Sequence[int]:
    """The ids of the open runs of a playbook that are on another version than the one in use.

    Asked for one account, they are all of them: what overlays make of the version may have changed with the account.
    """
    _require_in_use(library, key)
    version = library.standing.approved.get(key)
    query = (
        select(Run.id)
        .where(Run.playbook_key == key, col(Run.status).in_(OPEN_RUNS))
        .order_by(col(Run.account_id), col(Run.id))
    )
    if account_id is not None:
        query = query.where(Run.account_id == account_id)
    elif version:
        query = query.where(Run.playbook_version_id != version.version_id)
    return (await session.exec(query)).all()


async def preview_move(session: AsyncSession, library: Library, run_id: int, now: datetime) -> tuple[RunState, Move]:
    """The run as it is, and what moving it would change. Changes nothing."""
    state = await load_run(session, library, run_id)
    shape = await _shape(session, library, state, _require_in_use(library, state.run.playbook_key), now)
    return state, decide_move(state, shape)


def decide_move(state: RunState, shape: "_Shape") -> Move:
    """Pure: what the run's steps become. Steps that do not apply to the account are not worth telling."""
    due = plan_due_dates(
        shape.playbook,
        started_on=state.run.started_on,
        anchors=anchor_dates(state.account),
        settled_on=settled_days(state),
        countries={key: member.country for key, (member, _) in shape.assignees.items()},
    )
    titles = {spec.key: spec.title for spec in shape.playbook.run_steps}
    open_ones = [step for step in shape.stays if step.status in UNFINISHED and step.snoozed_until is None]
    dated = [step for step in open_ones if not (due[step.key] is None and step.status in ACTIONABLE)]
    return Move(
        added=tuple(
            MovedStep(step.title, None, due[step.key])
            for step in shape.added
            if step.status is not StepStatus.NOT_APPLICABLE
        ),
        dropped=tuple(step.title for step in shape.dropped if step.status in UNFINISHED),
        moved=tuple(
            MovedStep(titles[step.key], step.due_on, due[step.key]) for step in dated if step.due_on != due[step.key]
        ),
        kept=sum(step.status not in UNFINISHED for step in state.steps),
        changes=shape.playbook != state.playbook,
    )


async def move_runs(
    session: AsyncSession,
    library: Library,
    key: str,
    version_id: int,
    actor: Actor,
    now: datetime,
    *,
    account_id: int | None = None,
) -> list[RunChange]:
    """Move the open runs of a playbook, or those on one account, to the version that was previewed.

    At most MOST_AT_ONCE of them, in the order shown: nobody else changes those accounts meanwhile, and
    Slack waits three seconds. Raises WrongState when another version has come into use since then.
    """
    await library.refresh(await session.connection())
    in_use = library.standing.approved.get(key)
    if in_use and in_use.version_id != version_id:
        raise WrongState(f"The playbook has changed again since you looked. `/playbook move {key}` shows it anew.")
    run_ids = await runs_to_move(session, library, key, account_id)
    return [await move_run(session, library, run_id, actor, now) for run_id in run_ids[:MOST_AT_ONCE]]


async def move_run(session: AsyncSession, library: Library, run_id: int, actor: Actor, now: datetime) -> RunChange:
    """Pin the run to the version in use now. A run that is on it already stays as it is."""
    await library.refresh(await session.connection())
    state = await load_run(session, library, run_id)
    run = state.run
    playbook = _require_in_use(library, run.playbook_key)
    owners = {member.id for member in await owners_of(session, playbook.owners.journey)}
    require_may_move_run(actor, state.team.roles, owners)
    if run.status not in OPEN_RUNS:
        raise WrongState(f"{run.title} is {run.status} on {state.account.name}: it stays on the version it was on.")
    version_id = await store_version(session, playbook, now)
    shape = await _shape(session, library, state, playbook, now)
    variant_id = await store_variant(session, version_id, shape.resolved, now)
    if (run.playbook_version_id, run.variant_id) == (version_id, variant_id):
        return RunChange(run, False, f"{run.title} on {state.account.name} is on this version already.")
    move = decide_move(state, shape)
    run.playbook_version_id, run.variant_id = version_id, variant_id
    moved = await _apply(session, library, state, shape, actor, now)
    sentence = f"moved {run.title} to its current version: {move_words(move)}"
    record(session, TimelineKind.RUN_MOVED, sentence, now, account_id=run.account_id, actor=actor, run_id=run.id)
    await show_changes(session, moved, [*moved.steps, *shape.dropped], actor, now)
    return RunChange(run, True, f"{state.account.name}: {move_words(move)}.")


def move_words(move: Move) -> str:
    """`2 steps added, 1 called off, 3 dates moved`."""
    parts = [
        (len(move.added), "added", "step"),
        (len(move.dropped), "called off", "step"),
        (len(move.moved), "moved", "date"),
    ]
    said = [f"{number} {noun}{'' if number == 1 else 's'} {verb}" for number, verb, noun in parts if number]
    return ", ".join(said) or "only words change"


async def _apply(
    session: AsyncSession,
    library: Library,
    state: RunState,
    shape: _Shape,
    actor: Actor,
    now: datetime,
) -> RunState:
    run = state.run
    run.title = run.title.replace(state.playbook.title, shape.playbook.title, 1)[:200]
    for step in shape.added:
        step.run_id = run.id
    session.add_all(shape.added)
    await _call_off(session, shape.dropped)
    _reword(shape)
    await session.flush()
    steps = sorted([*shape.stays, *shape.added, *shape.dropped], key=lambda step: step.position)
    members = {**state.team.members, **{member.id: member for member, _ in shape.assignees.values()}}
    state.team.members.update(members)
    moved = RunState(run, state.account, shape.playbook, steps, state.team)
    replan(moved)
    if run.status is RunStatus.ACTIVE:
        kept_open = [step for step in shape.stays if step.status is StepStatus.OPEN]
        await reschedule(session, moved, kept_open, now, silent=True)
        await advance(session, library, moved, actor, now)
    return moved


async def _call_off(session: AsyncSession, dropped: list[Step]) -> None:
    left = [step for step in dropped if step.status in UNFINISHED]
    for step in left:
        step.status, step.reason = StepStatus.CANCELLED, LEFT_BEHIND
        step.revision += 1
    await cancel_touchpoints(session, [step.id for step in left])


def _reword(shape: _Shape) -> None:
    """Open steps get the words, the place and the role of the new version; finished ones keep what was done."""
    specs = {spec.key: (position, spec) for position, spec in enumerate(shape.playbook.run_steps)}
    for step in shape.stays:
        step.position, spec = specs[step.key]
        if step.status in UNFINISHED:
            step.title, step.kind, step.role = spec.title, spec.kind, spec.role
            member, step.role_missing = shape.assignees[step.key]
            step.assignee_id = member.id
    for position, step in enumerate(shape.dropped, len(shape.playbook.run_steps)):
        step.position = position


async def _shape(session: AsyncSession, library: Library, state: RunState, base: Playbook, now: datetime) -> _Shape:
    resolved = shape_for(library, base, state.account, state.team, state.team.today(now))
    playbook = resolved.playbook
    contact = await session.get(Contact, state.run.contact_id) if state.run.contact_id else None
    have = {step.key: step for step in state.steps}
    want = {spec.key: spec for spec in playbook.run_steps}
    confirmer = await find_confirmer(session, playbook, state.account, state.team)
    all_new = new_steps(playbook, state.account, contact, state.team, state.run.started_on, confirmer)
    added = [step for step in all_new if step.key not in have]
    stays = [step for step in state.steps if step.key in want]
    assignees = {step.key: (state.team.members[step.assignee_id], step.role_missing) for step in added}
    for step in stays:
        by_role = step.role_missing or step.assignee_id == state.team.roles.get(step.role)
        if step.status in UNFINISHED and by_role and step.role != want[step.key].role:
            assignees[step.key] = state.team.assignee_for(want[step.key].role, state.account)
        else:
            assignees[step.key] = (state.assignee(step), step.role_missing)
    return _Shape(resolved, added, [step for step in state.steps if step.key not in want], stays, assignees)


def _require_in_use(library: Library, key: str) -> Playbook:
    playbook = library.approved(key)
    if playbook is None:
        raise NotFound(f"No version of `{key}` is in use, so there is nothing to move to.")
    return playbook
