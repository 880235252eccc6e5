"""What an overlay file may say: how a playbook is carried out differently for some accounts.

The milestones, and what a step can come to, are the same for every account, so that reports can compare them: an
overlay changes how they are reached.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

from pydantic import Field, StringConstraints, create_model, model_validator

from bot.library.conditions import Condition
from bot.library.schema import Authored, Category, ExitCriterion, Key, Owner, Playbook, StepSpec, Title
from bot.models import MemberRole

ALL = "all"

StepName = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z][a-z0-9-]*/)?[a-z][a-z0-9-]*$", max_length=161),
    Field(examples=["kickoff", "basic-onboarding/kickoff"]),
]
"""A step's key, in every playbook of the overlay that has such a step; or, in front, of one playbook."""


class Partial(Authored):
    """Some fields of a model. What is not written stays as it is, which is not the same as `null`."""

    def written(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def partial(model: type[Authored], *, without: frozenset[str] = frozenset()) -> type[Partial]:
    """The model with nothing needed: what is written replaces, what is not stays. So it is with its parts, too.

    `null` puts a field back to what it is when nobody writes it.
    """
    fields: Mapping[str, Any] = {
        name: (_optional(info.annotation, info.metadata), Field(None, description=info.description))
        for name, info in model.model_fields.items()
        if name not in without
    }
    changed: type[Partial] = create_model(f"{model.__name__}Change", __base__=Partial, __doc__=model.__doc__, **fields)
    return changed


def _optional(annotation: Any, metadata: list[Any]) -> Any:
    parts = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, Authored)]
    if len(parts) == 1 and type(None) in get_args(annotation):
        return partial(parts[0]) | None
    return (Annotated[(annotation, *metadata)] if metadata else annotation) | None


_Change: type[Partial] = partial(StepSpec, without=frozenset({"key"}))


class StepChange(_Change):  # type: ignore[misc, valid-type]  # made from StepSpec, so that the two stay one
    """What is different about a step: every field of a step but its key. Lists are replaced as a whole."""


class AddedStep(StepSpec):
    """A step that the playbook does not have otherwise."""

    after: StepName = Field(description="the step behind which it stands; playbooks without that step go without")

    def spec(self) -> StepSpec:
        values = {name: getattr(self, name) for name in StepSpec.model_fields}
        return StepSpec.model_construct(_fields_set=self.model_fields_set - {"after"}, **values)


class Wording(Authored):
    """What is different about the words of a playbook itself."""

    summary: str | None = Field(None, min_length=1, max_length=500, description="when to use it, what for")
    success: str | None = Field(None, min_length=1, max_length=500, description="how to tell that it worked")
    objective: str | None = Field(None, max_length=500, description="what the customer should reach with it")
    exit_criteria: list[ExitCriterion] = Field(
        default_factory=list, max_length=10, description="one with a key that is there is reworded, another is added"
    )


class Overlay(Authored):
    """One file in `playbooks/overlays`: what is different, in which playbooks, for which accounts."""

    key: Key = Field(description="its name; the file is called the same. Overlays and playbooks share one room of keys")
    title: Title = Field(description="its name for people")
    summary: str = Field(min_length=1, max_length=500, description="for whom it is, and what it does differently")
    owner: Owner = Field(MemberRole.LEADER, description="approves changes to it")
    editors: list[Owner] = Field(default_factory=list, max_length=20, description="who may propose changes to it")
    playbooks: list[Key] = Field(default_factory=list, description="the playbooks it shapes; `[all]` for every one")
    categories: list[Category] = Field(default_factory=list, description="or all playbooks of a folder")
    when: Condition | None = Field(
        None, description="a CEL condition over `account`; `account.team` are the roles somebody has there"
    )
    priority: int = Field(
        0, ge=-1000, le=1000, description="of two that disagree the higher wins; of equals, the first by key"
    )
    stretch: float | None = Field(
        None, ge=0.25, le=4, description="multiplies the distances in `due`, from the start and between steps"
    )
    stretch_anchors: bool = Field(False, description="`stretch` also counts for distances from a date of the account")
    wording: dict[Key, Wording] = Field(default_factory=dict, description="by playbook, other words for it")
    steps: dict[StepName, StepChange] = Field(default_factory=dict, description="by step, what is different about it")
    leave_out: list[StepName] = Field(
        default_factory=list, description="steps that are not there; what waited for one waits for what it waited for"
    )
    add: list[AddedStep] = Field(
        default_factory=list, max_length=50, description="more steps; `after` says behind which one each stands"
    )

    @model_validator(mode="after")
    def _shapes_something(self) -> "Overlay":
        if not self.playbooks and not self.categories:
            raise ValueError("say which `playbooks` it shapes, or which `categories`")
        return self

    @model_validator(mode="after")
    def _adds_no_milestone(self) -> "Overlay":
        for step in self.add:
            if milestone := next((outcome.milestone for outcome in step.outcomes if outcome.milestone), None):
                raise ValueError(
                    f"the added step {step.key!r} would reach the milestone {milestone!r}: milestones are the same "
                    "for every account, so they belong into the playbook itself"
                )
        return self

    def covers(self, playbook: Playbook) -> bool:
        return playbook.category in self.categories or bool({playbook.key, ALL} & set(self.playbooks))

    def step_names(self) -> Iterator[tuple[tuple[int | str, ...], str]]:
        """Every step it names, with where in the document."""
        yield from ((("steps", name), name) for name in self.steps)
        yield from ((("leave_out", index), name) for index, name in enumerate(self.leave_out))
        yield from ((("add", index, "after"), step.after) for index, step in enumerate(self.add))


def key_within(name: str, playbook_key: str) -> str | None:
    """The key of the step that a name in an overlay means in this playbook; None when it is about another one."""
    playbook, slash, step = name.rpartition("/")
    return step if not slash or playbook == playbook_key else None


def dump_overlay(overlay: Overlay) -> dict[str, Any]:
    """The overlay as it is kept in a version row: JSON types only, and only what was written."""
    return overlay.model_dump(mode="json", exclude_unset=True)
