"""Journeys, playbooks/journeys/*.yaml: the stages of an account's year, each with goal, milestones and playbooks."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Self

from pydantic import Field, model_validator

from bot.library.account_conditions import AccountCondition
from bot.library.offsets import DueText
from bot.library.references import DATES, Complaint, located_error
from bot.library.schema import Authored, Key, Owner, Title
from bot.library.stages import StageKey
from bot.models import Anchor, MemberRole, MilestoneKind


class GateCriterion(Authored):
    """One thing that must be true before an account goes on to the next stage: a condition, or a milestone reached."""

    key: Key = Field(description="its name in reports")
    label: Title = Field(description="what must be true, as a sentence: `Three in five seats are in use`")
    when: AccountCondition | None = Field(None, description="a CEL condition over `account` that must hold")
    milestone: Key | None = Field(None, description="a milestone of this journey that must be reached")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.when is None) == (self.milestone is None):
            raise ValueError("a criterion has either `when` or `milestone`")
        return self


class JourneyMilestone(Authored):
    """A key moment of the journey. The same key on another journey is the same moment, and stays reached."""

    key: Key = Field(description="its name in gates, triggers and `/account milestone`")
    title: Title = Field(description="its name for people, as something that happened: `First value confirmed`")
    kind: MilestoneKind = Field(
        MilestoneKind.CELEBRATION, description="something to celebrate, or a risk that came true"
    )
    owner: MemberRole = Field(MemberRole.CSM, description="who brings it about, or watches for it")
    target: DueText = Field(description="`30d` after the journey's start, `renewal_date - 90d`, `go-live + 2w`")
    success: str = Field(min_length=1, max_length=500, description="how to tell that it is reached")
    evidence: str | None = Field(None, max_length=300, description="what to keep as proof")
    met_when: AccountCondition | None = Field(
        None, description="a CEL condition over `account` that suggests it is reached already, when an account joins"
    )
    yearly: bool = Field(False, description="comes anew each year of the journey: its key gets the year, `-2027`")

    def key_from(self, started_on: date) -> str:
        """The key of the account's milestone, in the year of the journey that began on this day."""
        return f"{self.key}-{started_on.year}" if self.yearly else self.key


class JourneyStage(Authored):
    """What an account does in one stage of this journey."""

    stage: StageKey = Field(description="a stage of stages.yaml")
    goal: str = Field(min_length=1, max_length=500, description="what the customer has at the end of it")
    gate: list[GateCriterion] = Field([], max_length=10, description="what must be true to go on, 10 at most")
    milestones: list[JourneyMilestone] = Field([], max_length=20, description="its key moments, 20 at most")
    playbooks: list[Key] = Field([], max_length=20, description="what is run in it, by key, 20 at most")


class Journey(Authored):
    """One journey file."""

    key: Key = Field(description="its name in commands; the file is called the same")
    title: Title = Field(description="its name for people")
    summary: str = Field(min_length=1, max_length=500, description="who is on it, and what it is for")
    owner: Owner = Field("leader", description="who answers for it: a role, or one member's email")
    starts: Anchor = Field(Anchor.CONTRACT_START, description="the date of the account it counts from")
    months: int = Field(12, ge=1, le=60, description="how long it is")
    next: Key | None = Field(None, description="the journey that follows at its end; itself: it begins anew")
    stages: list[JourneyStage] = Field(min_length=1, max_length=20, description="in their order")

    @cached_property
    def milestones(self) -> dict[str, JourneyMilestone]:
        """By key, in the order of the file."""
        return {milestone.key: milestone for stage in self.stages for milestone in stage.milestones}

    @cached_property
    def planning_order(self) -> tuple[JourneyMilestone, ...]:
        """Each milestone after the one its target counts from."""
        graph = {key: {each.target.reference} & self.milestones.keys() for key, each in self.milestones.items()}
        return tuple(self.milestones[key] for key in TopologicalSorter(graph).static_order())

    def stage(self, key: str) -> JourneyStage | None:
        return next((stage for stage in self.stages if stage.stage == key), None)

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        if complaints := list(_complaints(self)):
            raise located_error(type(self).__name__, complaints)
        return self


def _complaints(journey: Journey) -> Iterator[Complaint]:
    stages: set[str] = set()
    seen: set[str] = set()
    for place, stage in enumerate(journey.stages):
        if stage.stage in stages:
            yield ("stages", place, "stage"), f"the stage {stage.stage!r} is there twice"
        stages.add(stage.stage)
        for number, milestone in enumerate(stage.milestones):
            here = ("stages", place, "milestones", number)
            if milestone.key in seen:
                yield (*here, "key"), f"the milestone {milestone.key!r} is there twice"
            if milestone.key in DATES:
                yield (*here, "key"), f"the milestone {milestone.key!r} has the name of a date"
            if milestone.target.reference not in journey.milestones.keys() | DATES:
                reference = milestone.target.reference
                yield (*here, "target"), f"{reference!r} is not a milestone here, a date or start"
            seen.add(milestone.key)
        for number, criterion in enumerate(stage.gate):
            if criterion.milestone and criterion.milestone not in journey.milestones:
                where = ("stages", place, "gate", number, "milestone")
                yield where, f"{criterion.milestone!r} is not a milestone of this journey"
    yield from _circles(journey)


def _circles(journey: Journey) -> Iterator[Complaint]:
    try:
        _ = journey.planning_order
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        yield ("stages",), f"milestones wait for each other in a circle: {' -> '.join(circle)}"
