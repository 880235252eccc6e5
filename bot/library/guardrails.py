"""When to step in and when to escalate, playbooks/guardrails.yaml: thresholds, and what is done when one is crossed."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bot.library.configuration import load_configuration
from bot.library.loading import Catalog
from bot.library.nearness import unknown_name
from bot.library.references import Complaint, located_error
from bot.library.schema import Authored, Key, Owner
from bot.library.stages import repeated
from bot.library.watched_conditions import ACCOUNT, WatchedCondition, check_watched
from bot.models import MemberRole, Severity


def _check_guarded(expression: str) -> str:
    return check_watched(expression, subjects=[ACCOUNT])


GuardedCondition = Annotated[str, AfterValidator(_check_guarded)]
ShortTitle = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]


class GuardrailEscalation(Authored):
    """The escalation that is raised."""

    to: Literal[MemberRole.AE, MemberRole.LEADER] = Field(MemberRole.LEADER, description="whose help is asked for")
    severity: Severity = Field(Severity.MEDIUM, description="how soon somebody must take it")
    ask: str = Field(min_length=1, max_length=1000, description="what they are asked for; the reason is added to it")


class GuardrailAction(Authored):
    """What is done: one of the three."""

    tell: Owner | None = Field(None, description="who gets a message: a role on the account, or an email")
    start: Key | None = Field(None, description="the playbook that is started")
    escalate: GuardrailEscalation | None = Field(None, description="the escalation that is raised")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if sum(action is not None for action in (self.tell, self.start, self.escalate)) != 1:
            raise ValueError("say one of tell, start and escalate")
        return self


class Guardrail(Authored):
    """A threshold, and what is done for each account that crosses it."""

    key: Key = Field(description="its name on the timeline and in the log; it stays when the row changes")
    title: ShortTitle = Field(description="what is the matter, as people read it: `No contact for 45 days`")
    when: GuardedCondition = Field(description="a CEL condition over `account`")
    then: GuardrailAction = Field(description="what is done about it")
    again_after: int = Field(
        30, ge=1, le=365, description="days after which it is done again if the condition holds then"
    )

    @cached_property
    def condition(self) -> WatchedCondition:
        return WatchedCondition(self.when)


class Guardrails(Authored):
    """When to step in, and when to escalate. Without the file nothing is watched."""

    escalations_a_day: int = Field(
        3, ge=1, le=1000, description="so many escalations at most a day; the rest waits for the next"
    )
    guardrails: list[Guardrail] = Field([], max_length=50, description="rows, the most important first; 50 at most")

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if twice := repeated(guardrail.key for guardrail in self.guardrails):
            places = [place for place, row in enumerate(self.guardrails) if row.key == twice]
            where = ("guardrails", places[-1], "key")
            raise located_error(type(self).__name__, [(where, f"the guardrail {twice!r} is there twice")])
        return self


def load_guardrails(directory: Path, catalog: Catalog) -> Guardrails:
    """The guardrails of a playbooks directory; none where it has no file. Raises ConfigurationError with the line."""

    def complaints(read: Guardrails) -> list[Complaint]:
        return list(_playbook_complaints(read, catalog))

    return load_configuration(directory / "guardrails.yaml", Guardrails, complaints)


def _playbook_complaints(read: Guardrails, catalog: Catalog) -> Iterator[Complaint]:
    """A playbook whose file is broken is known all the same: its own mistake is told elsewhere."""
    known = {*catalog.playbooks, *(Path(problem.left_out).stem for problem in catalog.problems)}
    for place, guardrail in enumerate(read.guardrails):
        where, key = ("guardrails", place, "then", "start"), guardrail.then.start
        if key and key not in known:
            yield where, unknown_name("playbook", key, sorted(known))
        elif key and key in catalog.playbooks and catalog.playbooks[key].subject == "contact":
            yield where, f"{key!r} is about a contact: a guardrail can only start what is about an account"
