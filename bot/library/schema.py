"""What a playbook file may say. The models are the authoring reference: their descriptions are printed in the docs."""

from datetime import date
from enum import StrEnum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, model_validator

from bot.library.authored import Authored as Authored  # who imports playbooks imports what they are made of
from bot.library.authored import FieldKey as FieldKey
from bot.library.authored import Key as Key
from bot.library.authored import Owner as Owner
from bot.library.authored import Title as Title
from bot.library.conditions import Condition, MeasuredCondition, measures_asked
from bot.library.measures import Measure
from bot.library.offsets import OPENING, Due, DueText, Offset, OffsetText, Unit
from bot.library.references import CONFIRM_OUTCOME, located_error, reference_problems
from bot.models import Anchor, AskKind, AskStatus, ContactRole, MemberRole, Sentiment, Severity, StepKind


class Category(StrEnum):
    LIFECYCLE = "lifecycle"
    AT_RISK = "at-risk"
    EXPANSION = "expansion"
    REVIEWS = "reviews"  # the team's own: data quality, tuning, outcomes, set-up


class Mode(StrEnum):
    HUMAN = "human"
    AUTOMATIC = "automatic"


class Channel(StrEnum):
    """How the customer is reached."""

    EMAIL = "email"
    CALL = "call"
    VIDEO = "video"
    ON_SITE = "on_site"
    IN_APP = "in_app"
    CHAT = "chat"


# --- what starts a playbook -------------------------------------------------------------------------------------------


class AnchorTrigger(Authored):
    """Starts by itself when a date of the account comes near, once for each value of that date."""

    on: Literal["anchor"] = Field(description="the kind of trigger")
    anchor: Anchor = Field(description="the date of the account")
    offset: OffsetText = Field(description="when to start, relative to that date: `-120d`")
    when: Condition | None = Field(None, description="a CEL condition over `account`; without it every account starts")


class MilestoneTrigger(Authored):
    """Starts when a milestone of the account is reached."""

    on: Literal["milestone"] = Field(description="the kind of trigger")
    milestone: Key = Field(description="the milestone's key: `go-live`")
    when: Condition | None = Field(None, description="a CEL condition over `account`")


class ContactRoleTrigger(Authored):
    """Starts, on the contact, when a contact is given a role."""

    on: Literal["contact_role"] = Field(description="the kind of trigger")
    role: ContactRole = Field(description="the role of the contact")
    when: Condition | None = Field(None, description="a CEL condition over `account` and `contact`")


class SentimentTrigger(Authored):
    """Starts when the CSM logs a sentiment."""

    on: Literal["sentiment"] = Field(description="the kind of trigger")
    sentiment: Sentiment = Field(description="the sentiment logged")
    when: Condition | None = Field(None, description="a CEL condition over `account`; both must hold")


class NpsTrigger(Authored):
    """Starts when a score comes in that is low: somebody's own, or the average of the company."""

    on: Literal["nps"] = Field(description="the kind of trigger")
    of: Literal["contact", "company"] = Field(description="whose score: one person's, or the company's average")
    at_most: int = Field(ge=0, le=10, description="starts at this score (0-10) or a lower one")
    when: Condition | None = Field(None, description="a CEL condition over `account` and, for a person's, `contact`")


class QuarterEndTrigger(Authored):
    """Starts by itself when a quarter of the calendar year comes to its end, once a quarter."""

    on: Literal["quarter_end"] = Field(description="the kind of trigger")
    offset: OffsetText = Field(description="when to start, ahead of the quarter's last day: `-21d`")
    when: Condition | None = Field(None, description="a CEL condition over `account`; without it every account starts")

    @model_validator(mode="after")
    def _starts_ahead(self) -> Self:
        if self.offset.amount > 0:
            raise ValueError(f"a quarter's playbook starts ahead of its end, such as -21d; got {self.offset}")
        return self


class Every(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class RecurringTrigger(Authored):
    """Starts by itself once a month, quarter or year; never while the last round is still open."""

    on: Literal["recurring"] = Field(description="the kind of trigger")
    every: Every = Field(description="how often: once a `month`, `quarter` or `year`")
    of: Literal["calendar", "contract"] = Field(
        "calendar", description="whose months, quarters or years: the calendar's, or those since the contract began"
    )
    day: OffsetText = Field(
        Offset(1, Unit.BUSINESS_DAYS),
        description="which day: `1bd` the first business day, `-1bd` the last, `15d` the 15th, `-21d` 21 days left",
    )
    when: Condition | None = Field(None, description="a CEL condition over `account`; without it every account starts")

    @model_validator(mode="after")
    def _day_is_inside(self) -> Self:
        if self.day.amount == 0:
            raise ValueError("there is no day 0: 1d or 1bd is the first day, -1d or -1bd the last")
        return self


Trigger = Annotated[
    AnchorTrigger
    | MilestoneTrigger
    | ContactRoleTrigger
    | SentimentTrigger
    | NpsTrigger
    | QuarterEndTrigger
    | RecurringTrigger,
    Field(discriminator="on"),
]


# --- a step -----------------------------------------------------------------------------------------------------------


class Email(Authored):
    """A mail to the customer, drafted from a template and read by a person before it goes."""

    template: str = Field(
        pattern=r"^[a-z0-9-]+/[a-z0-9-]+$", description="a file in templates/email, without `.j2`: `onboarding/welcome`"
    )
    to: list[ContactRole] = Field(
        default_factory=list,
        description="contact roles; the first contact found is written to. Empty: the run's contact, else the champion",
    )
    everyone: bool = Field(
        False, description="one mail to each contact with one of the roles, not only the first; no roles: every contact"
    )
    where: Condition | None = Field(None, description="a CEL condition over `contact`: `contact.nps <= 6`")


class AnswerType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    LINK = "link"


MEASURED_TYPES = (AnswerType.NUMBER, AnswerType.TEXT, AnswerType.CHOICE)


class Question(Authored):
    """Something the step asks for when it is completed."""

    key: FieldKey = Field(description="its name in merge tags: `answers.kickoff.next_step`; no hyphens")
    label: Title = Field(description="the question, as people read it")
    type: AnswerType = Field(AnswerType.TEXT, description="what an answer looks like")
    required: bool = Field(True, description="the step cannot be completed without an answer")
    options: list[Title] = Field(default_factory=list, max_length=100, description="for `choice`")
    hint: str | None = Field(None, max_length=150, description="a line of help below the field")
    prefill: str | None = Field(
        None,
        pattern=r"^(account|contact)(\.[a-z_][a-z0-9_]*)+$",
        description="what the answer starts as: `account.renewal_date`, `account.attributes.seats`",
    )
    saves_to: str | None = Field(
        None,
        pattern=r"^(renewal_date|go_live_date|contract_start|trial_end|arr|outcome|maturity|attributes\.[a-z][a-z0-9_]*)$",
        description="the field of the account that takes the answer",
    )
    measure: Measure | None = Field(
        None, description="what the data answer: `{metric: tickets_open}`; where nothing came in, `prefill` does"
    )
    percent_of: Measure | None = Field(
        None, description="makes the answer the share of `measure` in this, in percent: `{metric: seats_bought}`"
    )

    @model_validator(mode="after")
    def _choice_has_options(self) -> Self:
        if (self.type is AnswerType.CHOICE) != bool(self.options):
            raise ValueError("`options` are for `type: choice`, which needs them")
        return self

    @model_validator(mode="after")
    def _measure_fits_type(self) -> Self:
        if self.measure and self.type not in MEASURED_TYPES:
            raise ValueError(f"a measure answers a question of {' or '.join(MEASURED_TYPES)}, not of {self.type}")
        if self.percent_of and not (self.measure and self.type is AnswerType.NUMBER):
            raise ValueError("`percent_of` goes with a `measure`, for `type: number`")
        return self

    @property
    def fills_itself(self) -> bool:
        """Whether its answer may be known before anybody is asked."""
        return bool(self.measure or self.prefill)


class Then(StrEnum):
    CONTINUE = "continue"
    COMPLETE_RUN = "complete_run"
    CANCEL_RUN = "cancel_run"


class Outcome(Authored):
    """One way a step can end. With outcomes, completing the step asks which."""

    key: Key = Field(description="its name in reports")
    label: Title = Field(max_length=75, description="what people choose: `Signed`")
    stage: Key | None = Field(None, description="moves the account to this stage, one of stages.yaml")
    milestone: Key | None = Field(None, description="marks this milestone reached")
    not_applicable: list[Key] = Field(default_factory=list, description="steps that no longer apply")
    then: Then = Field(Then.CONTINUE, description="what becomes of the run")
    reopen: list[Key] = Field(
        default_factory=list, description="finished steps to be done again, with the reason; this one waits for them"
    )
    needs_reason: bool = Field(False, description="asks why")
    ask: AskStatus | None = Field(
        None, description="in a step with an `ask`: what became of it; an outcome without it means nobody was asked"
    )

    @property
    def asks_why(self) -> bool:
        """Whoever is to do a step again must know why."""
        return self.needs_reason or bool(self.reopen)

    @model_validator(mode="after")
    def _goes_on_when_reopening(self) -> Self:
        if self.reopen and self.then is not Then.CONTINUE:
            raise ValueError("an outcome that reopens steps cannot end the run as well")
        return self


class Artefact(Authored):
    """Something the step must leave behind before it counts as done."""

    label: Title = Field(description="what is asked for: `Link to the plan`")
    type: Literal["link", "text"] = Field("link", description="an address, or words")


class Ask(Authored):
    """A favour asked of a contact. Completing the step logs it, within the limits of playbooks/advocacy.yaml."""

    kind: AskKind = Field(description="what they are asked for")
    to: list[ContactRole] = Field(
        default_factory=list,
        description="contact roles, the first one who may be asked counts; empty: the run's contact, else the champion",
    )


class Asset(Authored):
    """A document or system that helps with the step."""

    title: Title = Field(max_length=75, description="what it is called")
    url: HttpUrl = Field(description="where it is")


class SystemOfRecord(Authored):
    """Where the work of a step is done or kept."""

    name: Title = Field(max_length=75, description="what people call it: `Salesforce`")
    url: HttpUrl | None = Field(None, description="where it is")


class ExitCriterion(Authored):
    """One thing that must be true for the playbook to have worked. They are checked when its steps are finished."""

    key: FieldKey = Field(description="its name in reports; no hyphens")
    label: Title = Field(description="what must be true, as a sentence: `Three people work in it every week`")
    when: MeasuredCondition | None = Field(
        None,
        description="a CEL condition over `account` and `measures` that answers it; without it the outcome owner says",
    )
    measures: dict[FieldKey, Measure] = Field(
        default_factory=dict, description="what is measured for it, by the name it has in `when`: `measures.now`"
    )

    @model_validator(mode="after")
    def _measures_are_named(self) -> Self:
        asked = set(measures_asked(self.when or ""))
        if unknown := sorted(asked - set(self.measures)):
            raise ValueError(f"`when` asks for measures.{unknown[0]}, which `measures` does not name")
        if unused := sorted(set(self.measures) - asked):
            raise ValueError(f"`when` does not ask for measures.{unused[0]}")
        return self


class Owners(Authored):
    """Who answers for a playbook: each a role or one member's email."""

    journey: Owner | None = Field(None, description="approves changes to it")
    outcome: Owner = Field(MemberRole.CSM, description="confirms its exit criteria")
    data: Owner | None = Field(None, description="mends the data it depends on, and hears when they are old")
    escalation: Owner | None = Field(None, description="receives the escalations raised from its steps")
    guardian: Owner | None = Field(None, description="watches what the customer gains from it")


class EscalationCall(Authored):
    """What a step of kind `escalation` asks for. It is raised by itself when the step opens."""

    to: Literal[MemberRole.AE, MemberRole.LEADER] = Field(MemberRole.LEADER, description="whose help is asked for")
    severity: Severity = Field(Severity.MEDIUM, description="how soon somebody must take it, see escalation.yaml")
    ask: str = Field(min_length=1, max_length=2000, description="may use merge tags: `{{ account.name }}`")
    deadline: OffsetText = Field(Offset(2, Unit.BUSINESS_DAYS), description="when an answer is needed")
    code_red: bool = Field(
        False, description="until it is resolved the account shows as CODE RED; the leaders' channel is called"
    )


class StepSpec(Authored):
    """One entry of a playbook."""

    key: Key = Field(description="its name in `needs`, `due` and merge tags; keep it when you reword the title")
    title: Title = Field(description="what to do, as an instruction: `Send the welcome email`")
    guidance: str = Field(
        "", max_length=2500, description="how to do it well, for someone new; Slack mrkdwn, merge tags"
    )
    role: MemberRole = Field(MemberRole.CSM, description="whose step it is; nobody in that role: the account's CSM")
    kind: StepKind = Field(StepKind.TASK, description="a task, an email, a check, a meeting or an escalation")
    due: DueText = Field(description="`3bd` after the start, `renewal_date - 90d`, `kickoff + 1w` after another step")
    needs: list[Key] = Field(default_factory=list, description="steps that must be finished first")
    optional: bool = Field(False, description="may be left undone; the run completes without it")
    when: Condition | None = Field(None, description="a CEL condition over `account`; false: the step does not apply")
    minutes: int | None = Field(None, ge=1, le=2400, description="how long it takes, for the capacity forecast")
    mode: Mode = Field(Mode.HUMAN, description="`automatic`: an email goes by itself when nothing in it is missing")
    channel: Channel | None = Field(None, description="how the customer is reached")
    value: str | None = Field(None, max_length=300, description="what the customer gains from it")
    accountable: MemberRole | None = Field(None, description="who answers for it, and hears when it is overdue")
    consulted: list[MemberRole] = Field(default_factory=list, description="whom to ask before doing it")
    informed: list[MemberRole] = Field(default_factory=list, description="who hears that it is done")
    system: SystemOfRecord | None = Field(None, description="the system in which the work is done or kept")
    attendees: list[ContactRole] = Field(default_factory=list, description="who must be invited, for a meeting")
    artefact: Artefact | None = Field(None, description="what must be there before the step counts as done")
    questions: list[Question] = Field(
        default_factory=list, max_length=20, description="asked on completion, 20 at most"
    )
    outcomes: list[Outcome] = Field(default_factory=list, max_length=5, description="the ways it can end, 5 at most")
    email: Email | None = Field(None, description="for `kind: email`")
    escalation: EscalationCall | None = Field(None, description="for `kind: escalation`")
    ask: Ask | None = Field(None, description="a favour asked of a contact, which is logged with how the step ended")
    assets: list[Asset] = Field(default_factory=list, max_length=5, description="documents that help, 5 at most")
    remind_before: OffsetText | None = Field(
        None, description="an early reminder, for steps that need preparation: `3bd`"
    )
    overdue_after: OffsetText = Field(Offset(2, Unit.BUSINESS_DAYS), description="when to nudge, after the due date")

    @model_validator(mode="after")
    def _parts_fit_kind(self) -> Self:
        if (self.kind is StepKind.EMAIL) != (self.email is not None):
            raise ValueError("a step of `kind: email` has an `email`, and no other step has one")
        if (self.kind is StepKind.ESCALATION) != (self.escalation is not None):
            raise ValueError("a step of `kind: escalation` has an `escalation`, and no other step has one")
        return self

    @model_validator(mode="after")
    def _automatic_asks_nothing(self) -> Self:
        if self.mode is Mode.HUMAN:
            return self
        if self.kind is not StepKind.EMAIL:
            raise ValueError("only a step of `kind: email` can be `mode: automatic`")
        if self.outcomes or self.artefact or self.ask or any(question.required for question in self.questions):
            raise ValueError(
                "a step of `mode: automatic` asks nobody: no outcomes, artefact, ask or required questions"
            )
        return self

    @model_validator(mode="after")
    def _ask_has_answers(self) -> Self:
        answers = [outcome.key for outcome in self.outcomes if outcome.ask]
        if answers and self.ask is None:
            raise ValueError(f"outcome {answers[0]!r} says what became of an ask, but the step has no `ask`")
        if self.ask and self.outcomes and not answers:
            raise ValueError("none of the outcomes says what became of the ask: `ask: accepted`, `ask: declined`")
        return self

    @property
    def asks_nothing(self) -> bool:
        """Whether it is completed by one click."""
        return not (self.outcomes or self.questions or self.artefact)

    @property
    def fills_itself(self) -> bool:
        """Whether it is a check that arrives answered, as far as its answers are known."""
        return self.kind is StepKind.CHECK and any(question.fills_itself for question in self.questions)


class Playbook(Authored):
    """One playbook file."""

    key: Key = Field(description="its name in commands; the file is called the same")
    title: Title = Field(description="its name for people")
    category: Category = Field(description="the folder it lies in")
    summary: str = Field(min_length=1, max_length=500, description="one or two sentences: when to use it, what for")
    success: str = Field(min_length=1, max_length=500, description="how to tell that it worked")
    subject: Literal["account", "contact"] = Field("account", description="what one run is about")
    objective: str | None = Field(None, max_length=500, description="what the customer should reach with it")
    exit_criteria: list[ExitCriterion] = Field(
        default_factory=list, max_length=10, description="what must be true at its end, 10 at most"
    )
    owners: Owners = Field(Owners(), description="who answers for it")
    tags: list[Key] = Field(default_factory=list, max_length=20, description="pillars, to filter lists by")
    opt_in: bool = Field(False, description="off until a leader turns it on with `/playbook on`")
    reviewed_on: date | None = Field(None, description="when somebody last read it and found it right")
    stages: list[Key] = Field(
        default_factory=list, description="where in the life-cycle it belongs, see stages.yaml; empty: anywhere"
    )
    triggers: list[Trigger] = Field(default_factory=list, description="what starts it; by hand is always possible")
    steps: list[StepSpec] = Field(min_length=1, max_length=100, description="in the order people read them")

    @cached_property
    def run_steps(self) -> list[StepSpec]:
        """The steps of a run: those written here and, with exit criteria, the one that confirms them at the end."""
        return [*self.steps, _confirmation(self)] if self.exit_criteria else self.steps

    @cached_property
    def by_key(self) -> dict[str, StepSpec]:
        """The steps of a run, in the same order."""
        return {step.key: step for step in self.run_steps}

    @cached_property
    def due_order(self) -> tuple[str, ...]:
        """The keys of the steps of a run, each after those of the steps that its due date hangs on."""
        hangs_on = {
            key: set(step.needs) if step.due.reference == OPENING else {step.due.reference} & self.by_key.keys()
            for key, step in self.by_key.items()
        }
        return tuple(TopologicalSorter(hangs_on).static_order())

    def step(self, key: str) -> StepSpec:
        """A step of a run, by key."""
        return self.by_key[key]

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        if problems := reference_problems(self):
            raise located_error(type(self).__name__, problems)
        return self


def _confirmation(playbook: Playbook) -> StepSpec:
    """The step in which the outcome owner says whether the exit criteria hold, when the required steps are finished."""
    owner = playbook.owners.outcome
    return StepSpec(
        key=CONFIRM_OUTCOME,
        title="Confirm what came of it",
        guidance=playbook.success,
        role=MemberRole.CSM if "@" in owner else MemberRole(owner),
        kind=StepKind.CHECK,
        due=Due(OPENING, Offset(3, Unit.BUSINESS_DAYS)),
        needs=[step.key for step in playbook.steps if not step.optional] or [step.key for step in playbook.steps],
        questions=[Question(key=c.key, label=c.label, type=AnswerType.YES_NO) for c in playbook.exit_criteria],
    )


def dump(playbook: Playbook) -> dict[str, Any]:
    """The playbook as it is kept in a version row: JSON types only, nothing that equals its default."""
    return playbook.model_dump(mode="json", exclude_defaults=True)
