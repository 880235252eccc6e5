"""The stages of an account's life, playbooks/stages.yaml: one list of names that everything else has to use."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from bot.library.configuration import load_configuration
from bot.library.schema import Authored, Title
from bot.models import Stage

StageKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]

# What the code itself acts on: a new account begins in onboarding, and nothing starts on an account that has churned.
KEPT = (Stage.ONBOARDING, Stage.CHURNED)


class StageSpec(Authored):
    """One stage."""

    key: StageKey = Field(description="its name in playbooks, journeys, imports and reports")
    title: Title = Field(description="its name for people")
    summary: str = Field("", max_length=300, description="when an account is in it")


SHIPPED = [StageSpec(key=stage, title=stage.value.capitalize()) for stage in Stage]


class Stages(Authored):
    """The stages, in the order in which an account goes through them."""

    stages: list[StageSpec] = Field(SHIPPED, min_length=2, max_length=20, description="in their order, 20 at most")

    @cached_property
    def titles(self) -> dict[str, str]:
        """By key, in their order."""
        return {stage.key: stage.title for stage in self.stages}

    def leads_forward(self, before: str, after: str) -> bool:
        """Whether a move goes on in the order of the stages. To leave is always possible: churned is never forward."""
        order = list(self.titles)
        if after == Stage.CHURNED or before not in order or after not in order:
            return False
        return order.index(after) > order.index(before)

    @model_validator(mode="after")
    def _keys_are_told_apart(self) -> Self:
        if twice := repeated(stage.key for stage in self.stages):
            raise ValueError(f"the stage {twice!r} is there twice")
        if missing := [stage.value for stage in KEPT if stage not in self.titles]:
            raise ValueError(f"the stages {' and '.join(missing)} have a meaning to Playcall and must stay")
        return self


def repeated(keys: Iterable[str]) -> str | None:
    """The first key that is there a second time."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None


def load_stages(directory: Path) -> Stages:
    """The stages of a playbooks directory; the six of `Stage` where it has no file."""
    return load_configuration(directory / "stages.yaml", Stages)
