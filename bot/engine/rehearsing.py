"""Rehearsing: what a playbook would ask of whom and when, without starting it. Only reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.planning import anchor_dates, plan_due_dates
from bot.engine.state import load_team
from bot.engine.variants import shape_for
from bot.errors import NotFound
from bot.library.conditions import holds
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.offsets import OPENING
from bot.library.schema import Playbook, StepSpec
from bot.models import Account


@dataclass(frozen=True, slots=True)
class RehearsedStep:
    title: str
    assignee: str
    due_on: date | None  # None: the date it hangs on is not known
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    playbook: str
    account: str
    started_on: date
    steps: list[RehearsedStep]  # in the order of their dates; those without one come last


async def rehearse_playbook(
    session: AsyncSession,
    library: Library,
    base: Playbook,
    account_id: int,
    now: datetime,
    started_on: date | None = None,
) -> Rehearsal:
    """The plan as it would be if the playbook started on `started_on`; None means today where the CSM is.

    It is the account's version of the playbook, as overlays shape it.
    """
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound("That account is not there any more.")
    team = await load_team(session, account_id)
    start = started_on or team.today(now)
    playbook = shape_for(library, base, account, team, start).playbook
    assignees = {spec.key: team.assignee_for(spec.role, account) for spec in playbook.run_steps}
    due = plan_due_dates(
        playbook,
        started_on=start,
        anchors=anchor_dates(account),
        settled_on={},
        countries={key: member.country for key, (member, _) in assignees.items()},
    )
    facts = {"account": account_facts(account, start), "contact": {}}
    steps = []
    for spec in playbook.run_steps:
        member, role_missing = assignees[spec.key]
        remarks = tuple(_remarks(spec, playbook, due[spec.key], applies=holds(spec.when, facts)))
        missing = (f"nobody is {spec.role} here, so it goes to the CSM",) if role_missing else ()
        steps.append(RehearsedStep(spec.title, member.name, due[spec.key], missing + remarks))
    return Rehearsal(playbook.title, account.name, start, sorted(steps, key=lambda step: step.due_on or date.max))


def _remarks(spec: StepSpec, playbook: Playbook, due_on: date | None, *, applies: bool) -> Iterator[str]:
    if not applies:
        yield f"does not apply here: {spec.when}"
    if due_on is None and spec.due.reference != OPENING:
        yield f"needs {spec.due.reference.replace('_', ' ')}, which is not set"
    if spec.needs:
        yield "after " + ", ".join(f"“{playbook.step(key).title}”" for key in spec.needs)
    if spec.optional:
        yield "optional"
