"""Whether a playbook has worked: its exit criteria, what is known of them, and who hears when they were not met."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.outbox import notify
from bot.engine.owners import owner_members
from bot.engine.state import RunState
from bot.library.conditions import MEASURES, ConditionError, holds
from bot.library.measures import Measure
from bot.library.references import CONFIRM_OUTCOME
from bot.library.schema import ExitCriterion, Playbook
from bot.models import MemberRole, Step, StepStatus

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What the outcome owner said. `met` is None when they were asked and said nothing."""

    met: bool | None
    unmet: tuple[ExitCriterion, ...] = ()

    @property
    def words(self) -> str:
        if self.met is None:
            return "Nobody said whether its exit criteria were met."
        if self.met:
            return "Its exit criteria were met."
        return "Not met: " + "; ".join(criterion.label for criterion in self.unmet)


def decide_verdict(state: RunState) -> Verdict | None:
    """None where nobody was asked: without exit criteria, and when an outcome ended the run before its time."""
    confirmation = confirmation_of(state.steps)
    if confirmation is None or confirmation.status is StepStatus.CANCELLED:
        return None
    if confirmation.status is not StepStatus.DONE:
        return Verdict(None)
    answers = confirmation.answers
    unmet = tuple(criterion for criterion in state.playbook.exit_criteria if answers.get(criterion.key) is not True)
    return Verdict(not unmet, unmet)


def confirmation_of(steps: Iterable[Step]) -> Step | None:
    """The step in which the outcome owner confirms the exit criteria."""
    return next((step for step in steps if step.key == CONFIRM_OUTCOME), None)


def evaluate_criteria(
    playbook: Playbook, facts: Mapping[str, Any], measured: Mapping[Measure, float]
) -> dict[str, bool]:
    """What is known about the criteria that have a condition, by key.

    Not of those that cannot be evaluated, nor of those for which something was not measured.
    """
    found = {}
    for criterion in playbook.exit_criteria:
        if criterion.when is not None and measured.keys() >= set(criterion.measures.values()):
            numbers = {name: measured[measure] for name, measure in criterion.measures.items()}
            try:
                found[criterion.key] = holds(criterion.when, {**facts, MEASURES: numbers})
            except ConditionError as error:
                log.warning("criterion_failed", playbook=playbook.key, criterion=criterion.key, why=error.message)
    return found


async def tell_owners(
    session: AsyncSession, state: RunState, verdict: Verdict, actor: Actor | None, now: datetime
) -> None:
    """The guardian and the outcome owner hear of criteria that were not met, but for the one who said so."""
    if verdict.met is not False:
        return
    owners = state.playbook.owners
    told: set[int] = {actor.member_id} if actor else set()
    for owner in (owners.guardian or MemberRole.GUARDIAN, owners.outcome):
        members = await owner_members(session, owner, state.account.id)
        await _tell(session, state, [m.id for m in members if m.id not in told], verdict, now)
        told.update(member.id for member in members)


async def _tell(
    session: AsyncSession, state: RunState, member_ids: Sequence[int], verdict: Verdict, now: datetime
) -> None:
    text = f"{state.run.title} on {state.account.name} has ended. {verdict.words}"
    for member_id in member_ids:
        await notify(session, member_id, text, now, account_id=state.account.id)
