"""Rehearsing: what a playbook would ask of whom and when, without starting it. Only reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.planning import anchor_dates, plan_due_dates
from bot.engine.state import load_team
from bot.engine.variants import shape_for
from bot.errors import InvalidInput, NotFound
from bot.library.conditions import holds
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.offsets import OPENING
from bot.library.schema import Playbook, StepSpec
from bot.models import Account, Anchor

HORIZON = timedelta(days=730)  # what has no last day is looked at for two years


@dataclass(frozen=True, slots=True)
class RehearsedStep:
    title: str
    assignee: str
    due_on: date | None  # None: the date it hangs on is not known
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The plan. `shaped_by` are the titles of overlays; `remarks` are sentences about what is missing."""

    playbook: str
    account: str
    started_on: date
    steps: list[RehearsedStep]  # in the order of their dates; those without one come last
    shaped_by: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    later: int = 0  # how many steps are due after the last day that was asked for

    @property
    def ends_on(self) -> date:
        """The day of the last step; day zero when no date is known."""
        return max((step.due_on for step in self.steps if step.due_on), default=self.started_on)


async def rehearse_playbook(
    session: AsyncSession,
    library: Library,
    base: Playbook,
    account_id: int,
    now: datetime,
    started_on: date | None = None,
    until: date | None = None,
) -> Rehearsal:
    """The plan as it would be if the playbook started on `started_on`; None means today where the CSM is.

    It is the account's version of the playbook, as overlays shape it. Steps due after `until` are only counted.
    """
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound("That account is not there any more.")
    team = await load_team(session, account_id)
    start = started_on or team.today(now)
    last = last_day(start, until) if until else date.max
    shaped = shape_for(library, base, account, team, start)
    playbook = shaped.playbook
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
    within = [step for step in steps if step.due_on is None or step.due_on <= last]
    return Rehearsal(
        playbook.title,
        account.name,
        start,
        sorted(within, key=lambda step: step.due_on or date.max),
        tuple(overlay.title for overlay in shaped.applied),
        missing_dates(playbook, account),
        len(steps) - len(within),
    )


def last_day(started_on: date, until: date | None) -> date:
    """The last day to look at. Raises InvalidInput for one before the first."""
    if until and until < started_on:
        raise InvalidInput(f"The last day, {until}, is before the first, {started_on}. Give a later one.")
    return until or started_on + HORIZON


def missing_dates(playbook: Playbook, account: Account) -> tuple[str, ...]:
    """For each date of the account that steps hang on and that is not set: a sentence with what follows from it."""
    unset = [anchor for anchor, day in anchor_dates(account).items() if day is None]
    hanging = {anchor: sum(spec.due.reference == anchor for spec in playbook.run_steps) for anchor in unset}
    return tuple(_missing(Anchor(anchor), number, account) for anchor, number in hanging.items() if number)


def _missing(anchor: Anchor, number: int, account: Account) -> str:
    date_words = anchor.replace("_", " ")
    steps = "1 step is" if number == 1 else f"{number} steps are"
    return (
        f"{account.name} has no {date_words}, so {steps} due as soon as they can be done. "
        f"Set it with `/account edit {account.key}`."
    ).replace("1 step is due as soon as they", "1 step is due as soon as it")


def _remarks(spec: StepSpec, playbook: Playbook, due_on: date | None, *, applies: bool) -> Iterator[str]:
    if not applies:
        yield f"does not apply here: {spec.when}"
    if due_on is None and spec.due.reference != OPENING:
        yield f"needs {spec.due.reference.replace('_', ' ')}, which is not set"
    if spec.needs:
        yield "after " + ", ".join(f"“{playbook.step(key).title}”" for key in spec.needs)
    if spec.optional:
        yield "optional"
