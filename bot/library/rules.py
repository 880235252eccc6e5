"""Rules, playbooks/rules/*.yaml: what the data must say, and what is done then, as to start a playbook."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.library.contents import digest_of
from bot.library.guardrails import GuardrailEscalation
from bot.library.measures import HEALTH, Measure
from bot.library.references import Complaint, located_error
from bot.library.schema import Authored, FieldKey, Key, Owner
from bot.library.segments import SegmentKey
from bot.library.watched_conditions import (
    ACCOUNT,
    AT_START,
    BANDS,
    CONTACT,
    MEASURES,
    SUBJECTS,
    WatchedCondition,
    check_watched,
)
from bot.models import MemberRole, Severity, Touch

RuleKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
RuleTitle = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
RESTS_FOR = 30  # days


class Scope(Authored):
    """Which accounts a rule looks at. Of each list that is there, the account must be in it."""

    journeys: list[Key] = Field(default_factory=list, description="on one of these journeys")
    segments: list[SegmentKey] = Field(default_factory=list, description="in one of these segments")
    stages: list[Key] = Field(default_factory=list, description="in one of these stages")
    touch: list[Touch] = Field(default_factory=list, description="served with this touch")
    overlays: list[Key] = Field(
        default_factory=list, description="accounts for which one of these overlays makes a variant of its playbooks"
    )


class Sustained(Authored):
    """The condition must have held before, too: it is asked again with all windows moved back in time."""

    periods: int = Field(2, ge=2, le=12, description="how many times in a row it must hold, the present one included")
    every: int = Field(7, ge=1, le=90, description="days between one time and the next")


class Advance(Authored):
    """The step of an open run that is completed, by Playcall itself."""

    playbook: Key = Field(description="the playbook of the run")
    step: Key = Field(description="the step, which must be open")
    outcome: Key | None = Field(None, description="how it ends, where the step has outcomes")


class AlertCall(Authored):
    """Somebody is asked to decide: Start the recommended playbook, Not now, or Wrong data."""

    to: Owner = Field(MemberRole.CSM, description="who is asked: a role on the account, or an email")
    playbook: Key | None = Field(None, description="the playbook that is recommended")
    severity: Severity = Field(Severity.MEDIUM, description="how much it may interrupt")


class RuleAction(Authored):
    """What is done: one of these."""

    start: Key | None = Field(None, description="the playbook that is started")
    exit: Key | None = Field(None, description="the playbook whose open run ends, because its reason is gone")
    advance: Advance | None = Field(None, description="the step that is completed")
    milestone: Key | None = Field(None, description="the milestone that is reached")
    escalate: GuardrailEscalation | None = Field(None, description="the escalation that is raised")
    alert: AlertCall | None = Field(None, description="who is asked what to do")

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("say one of start, exit, advance, milestone, escalate and alert")
        return self

    @property
    def starts_or_recommends(self) -> str | None:
        """The playbook that it leads to; an account that is exempt from it is left alone."""
        return self.start or (self.alert.playbook if self.alert else None)

    @property
    def works_on(self) -> str | None:
        """The playbook whose open run it is about; without one there is nothing to do."""
        return self.exit or (self.advance.playbook if self.advance else None)


class Rule(Authored):
    """What the data must say of an account or a contact, and what is done then."""

    key: RuleKey = Field(description="its name in commands and on the timeline; it stays when the rule changes")
    title: RuleTitle = Field(description="what is the matter, as people read it: `Weekly use fell by 30 %`")
    about: str = Field("", max_length=500, description="why it is there, and why its numbers are what they are")
    subject: Literal["account", "contact"] = Field("account", description="what it is asked of")
    only: Scope = Field(Scope(), description="which accounts it looks at; without it every one that has a CSM")
    measures: dict[FieldKey, Measure] = Field(
        default_factory=dict, max_length=8, description="by name, the numbers that its conditions ask for, 8 at most"
    )
    when: str = Field(
        max_length=1000, description="a CEL condition over `measures`, `account`, `bands` and, of a contact, `contact`"
    )
    sustained: Sustained | None = Field(None, description="how long it must have held")
    then: RuleAction = Field(description="what is done about it")
    until: str | None = Field(
        None, max_length=1000, description="the condition under which it is over; without it, when `when` holds no more"
    )
    cause: Key | None = Field(
        None, description="what it is about: rules with one cause share an alert; without it the rule's own key"
    )
    cool_down: int | None = Field(
        None, ge=0, le=730, description="days after which it acts again; 30, and 0 for `exit` and `advance`"
    )
    most_at_once: int | None = Field(
        None, ge=1, le=100_000, description="on more accounts a day it waits for a leader; 25, or 5 % of the accounts"
    )
    owner: Owner = Field(MemberRole.LEADER, description="is asked before it acts for the first time, or on very many")

    @property
    def shared_cause(self) -> str:
        return self.cause or self.key

    @cached_property
    def looks_at_all(self) -> bool:
        return self.only == Scope()

    @cached_property
    def of_contact(self) -> bool:
        return self.subject == "contact"

    @property
    def rests_for(self) -> int:
        if self.cool_down is not None:
            return self.cool_down
        return 0 if self.then.works_on else RESTS_FOR

    @cached_property
    def digest(self) -> str:
        """Of what it does. Other words for the same do not make it another rule."""
        return digest_of(self.model_dump(mode="json", exclude_defaults=True, exclude={"title", "about"}))

    @cached_property
    def condition(self) -> WatchedCondition:
        return WatchedCondition(self.when)

    @cached_property
    def over_when(self) -> WatchedCondition | None:
        return WatchedCondition(self.until) if self.until else None

    @cached_property
    def periods(self) -> tuple[Mapping[str, Measure], ...]:
        """The measures by name, as they are taken now and, of a sustained rule, some days earlier."""
        every, number = (self.sustained.every, self.sustained.periods) if self.sustained else (0, 1)
        return tuple(
            {name: measure.earlier(every * place) for name, measure in self.measures.items()} for place in range(number)
        )

    def asked(self, subject: str) -> frozenset[str]:
        """The fields that its conditions ask of a subject."""
        more = self.over_when.asked(subject) if self.over_when else frozenset()
        return self.condition.asked(subject) | more

    @model_validator(mode="after")
    def _conditions_hold_together(self) -> Self:
        if complaints := [*_condition_complaints(self), *_sense_complaints(self)]:
            raise located_error(type(self).__name__, complaints)
        return self


def _condition_complaints(rule: Rule) -> Iterator[Complaint]:
    subjects = {ACCOUNT, MEASURES, BANDS}
    subjects |= {CONTACT} if rule.of_contact else set()
    subjects |= {AT_START} if rule.then.works_on else set()
    for place, text in (("when", rule.when), ("until", rule.until)):
        if text is None:
            continue
        if AT_START not in subjects and f"{AT_START}." in text:
            yield (place,), "`at_start` is what was measured when the run started: only `exit` and `advance` know one"
            continue
        if CONTACT not in subjects and WatchedCondition(text).asked(CONTACT):
            yield (place,), "this rule is about accounts; say `subject: contact` to ask for a contact"
            continue
        try:
            check_watched(text, subjects=[name for name in SUBJECTS if name in subjects], measures=rule.measures)
        except ValueError as error:
            yield (place,), str(error)


def _sense_complaints(rule: Rule) -> Iterator[Complaint]:
    """What can be written, and cannot be meant."""
    if rule.sustained and not rule.measures:
        yield ("sustained",), "this rule measures nothing: what an account is like now is not known of earlier"
    for name, measure in rule.measures.items():
        if rule.of_contact and measure.metric == HEALTH:
            yield ("measures", name, "metric"), "health is known of accounts, not of contacts"
    if rule.of_contact and rule.then.milestone:
        yield ("then", "milestone"), "a milestone is the account's: a rule about contacts cannot reach one"


class RuleFile(Authored):
    """One file in `playbooks/rules`."""

    rules: list[Rule] = Field(max_length=200, description="rules, in the order people read them")


def dump_rule(rule: Rule) -> dict[str, Any]:
    """The rule as its file says it: JSON types only, nothing that equals its default."""
    return rule.model_dump(mode="json", exclude_defaults=True)
