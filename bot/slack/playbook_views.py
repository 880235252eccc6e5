"""The answers to `/playbook`: the list, one playbook at a glance, the plan of a run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.library.offsets import OPENING, START, Due, Offset, Unit
from bot.library.rules import Rule
from bot.library.schema import (
    AnchorTrigger,
    ContactRoleTrigger,
    MilestoneTrigger,
    Mode,
    NpsTrigger,
    Owners,
    Playbook,
    QuarterEndTrigger,
    RecurringTrigger,
    SentimentTrigger,
    StepSpec,
    Trigger,
)
from bot.models import MemberRole, StepStatus
from bot.slack.blocks import Block, Message, context, input_block, modal, option, section, sections, static_select
from bot.slack.dates import day_words
from bot.slack.ids import CallbackId, InputId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import StartRun
from bot.slack.step_card import CHANNELS, role_words
from bot.slack.text import fit, label

UNITS = {
    Unit.DAYS: ("day", "days"),
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.WEEKS: ("week", "weeks"),
}
MARKS = {
    StepStatus.WAITING: "○",
    StepStatus.OPEN: "●",
    StepStatus.BLOCKED: "■",
    StepStatus.DONE: "✓",
    StepStatus.SKIPPED: "–",
    StepStatus.NOT_APPLICABLE: "–",
    StepStatus.CANCELLED: "–",
}
HELP = "\n".join(
    [
        "*What `/playbook` can do*",
        "`/playbook today`  your steps: overdue, today, this week",
        "`/playbook outreach`  what is about to reach your customers, and what clashes",
        "`/playbook team [ROLE]`  what support, product, finance ... have to do, across accounts",
        "`/playbook list`  what there is; also `list renewal`, `list at-risk`, `list #tag`",
        "`/playbook show KEY`  one playbook at a glance; `show KEY ACCOUNT` as it is for an account",
        "`/playbook diff KEY ACCOUNT`  what is different for that account, and why",
        "`/playbook rehearse KEY ACCOUNT`  see every message and mail of it, without any of it happening",
        "`/playbook start KEY ACCOUNT`  start it; you see the plan",
        "`/playbook start KEY all:SEGMENT`  start it on every account of a segment, for leaders",
        "`/playbook pause KEY ACCOUNT`  nothing speaks up until you resume it",
        "`/playbook resume KEY ACCOUNT`  go on where it was paused",
        "`/playbook skip KEY ACCOUNT`  leave out one round of a playbook that recurs",
        "`/playbook cancel KEY ACCOUNT because REASON`  call off what is left of it",
        "`/playbook diff KEY`  what a changed file would change; its owner approves it there",
        "`/playbook history KEY`  its versions, and who decided what",
        "`/playbook move KEY [ACCOUNT]`  take open runs over to the version in use",
        "`/playbook exempt KEY ACCOUNT`  ask that an account goes without it",
        "`/playbook exemptions`  who goes without what, until when",
        "`/playbook on KEY`, `/playbook off KEY`  whether the team uses it (leaders)",
        "`/playbook rules`  what the data must say for something to happen; `rules KEY` tries one",
        "`/playbook guardrails`  when somebody steps in by itself, and what is done then",
        "`/playbook assets WORDS`  documents and email templates of all playbooks",
        "`/playbook suggest KEY TEXT`  say what should be different about a playbook",
        "*For leaders*  `/playbook report`, `report outcomes`, `report renewals`, `grid`, `coverage`, `bottlenecks`, "
        "`drift KEY`, `gaps`, `suggestions`, "
        "`review`",
    ]
)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    title: str
    due_on: date | None
    assignee: str
    status: StepStatus = StepStatus.OPEN


@dataclass(frozen=True)
class Plan:
    """A run for the person who asked for it. `told` are the names of those who hear of its first steps at once."""

    playbook: str
    account: str
    today: date
    steps: tuple[PlannedStep, ...]
    told: tuple[str, ...] = ()
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class AccountsOwn:
    """For whom a playbook is shown. `shaped` (mrkdwn) says which overlays shaped it."""

    key: str
    shaped: str


@dataclass(frozen=True, slots=True)
class ContactChoice:
    contact_id: int
    name: str
    email: str


# --- one playbook -----------------------------------------------------------------------------------------------------


def build_playbook_reference(
    playbook: Playbook, account: AccountsOwn | None = None, rules: Sequence[Rule] = ()
) -> Message:
    """The playbook; with `account`, as it is for that account and which overlays made it so.

    `rules` are those that start or recommend it, and those that end it.
    """
    name = account.key if account else "ACCOUNT"
    head = [f"*{label(playbook.title, 150)}*  `{playbook.key}`", fit(" ".join(playbook.summary.split()), 1000)]
    starts = ", or ".join(["by hand", *start_words(playbook, rules)])
    ends = "".join(f"  ·  ends by the rule “{rule.title}”" for rule in rules if rule.then.exit)
    steps = [_step_line(number, step, playbook) for number, step in enumerate(playbook.steps, 1)]
    blocks = [
        section("\n".join(head)),
        context(fit(f"Starts {starts}{ends}  ·  {len(playbook.steps)} steps", 1500)),
        *sections(steps),
        section(f"*It worked when*\n{fit(' '.join(playbook.success.split()), 1000)}"),
        *_criteria(playbook),
        context(_owners_line(playbook.owners)),
        *([context(account.shaped)] if account else []),
        context(f"`/playbook start {playbook.key} {name}`"),
    ]
    return Message(f"{label(playbook.title)}: {len(playbook.steps)} steps", blocks)


def start_words(playbook: Playbook, rules: Iterable[Rule]) -> list[str]:
    """What starts it besides people, and the rules that recommend it."""
    triggers = [trigger_words(trigger) for trigger in playbook.triggers]
    starting = [f"by the rule “{rule.title}”" for rule in rules if rule.then.start]
    recommending = [f"recommended by the rule “{rule.title}”" for rule in rules if rule.then.alert]
    return [*triggers, *starting, *recommending]


def _step_line(number: int, step: StepSpec, playbook: Playbook) -> str:
    optional = ", optional" if step.optional else ""
    alone = ", goes by itself" if step.mode is Mode.AUTOMATIC else ""
    when = f"{role_words(step.role)}, {due_rule(step.due, playbook)}{optional}{alone}"
    concerned = _concerned_words(step)
    return f"{number}.  {label(step.title, 150)}  ·  {when}" + (f"\n      _{concerned}_" if concerned else "")


def _concerned_words(step: StepSpec) -> str:
    """Who else has to do with a step, how and where it is done: `ask product; leader answers for it; on site`."""
    parts = []
    if step.consulted:
        parts.append(f"ask {_roles(step.consulted)} first")
    if step.accountable:
        parts.append(f"{role_words(step.accountable)} answers for it")
    if step.informed:
        parts.append(f"{_roles(step.informed)} will hear")
    if step.channel:
        parts.append(CHANNELS[step.channel])
    if step.system:
        parts.append(f"in {label(step.system.name, 75)}")
    return "; ".join(parts)


def _roles(roles: Sequence[MemberRole]) -> str:
    return ", ".join(role_words(role) for role in roles)


def _owners_line(owners: Owners) -> str:
    """`Owners: outcome CSM, guardian leader`; an email stays one."""
    named = {name: owner for name in Owners.model_fields if (owner := getattr(owners, name))}
    words = (f"{name} {label(owner, 80) if '@' in owner else role_words(owner)}" for name, owner in named.items())
    return f"Owners: {', '.join(words)}"


def _criteria(playbook: Playbook) -> list[Block]:
    if not playbook.exit_criteria:
        return []
    lines = [f"•  {label(criterion.label, 150)}" for criterion in playbook.exit_criteria]
    return sections(["*It ends with the question whether*", *lines])


def due_rule(due: Due, playbook: Playbook) -> str:
    """When a step is due, in words: `day 0`, `3 business days in`, `90 days before the renewal date`."""
    if due.reference == OPENING:
        return "when it opens" if due.offset.amount == 0 else f"{_amount(due.offset)} after it opens"
    if due.reference == START:
        return f"day {due.offset.amount}" if due.offset.unit is Unit.DAYS else f"{_amount(due.offset)} in"
    known = {step.key: f"“{label(step.title, 60)}”" for step in playbook.steps}
    reference = known.get(due.reference) or f"the {_anchor(due.reference)}"
    if due.offset.amount == 0:
        return f"with {reference}" if due.reference in known else f"on {reference}"
    return f"{_amount(due.offset)} {'before' if due.offset.amount < 0 else 'after'} {reference}"


def trigger_words(trigger: Trigger) -> str:
    match trigger:
        case AnchorTrigger():
            when = f"{_amount(trigger.offset)} {'before' if trigger.offset.amount < 0 else 'after'}"
            return f"{'on' if trigger.offset.amount == 0 else when} the {_anchor(trigger.anchor)}"
        case MilestoneTrigger():
            return f"when the milestone {trigger.milestone} is reached"
        case ContactRoleTrigger():
            return f"when a contact becomes {role_words(trigger.role)}"
        case SentimentTrigger():
            return f"when the sentiment turns {trigger.sentiment}"
        case NpsTrigger():
            whose = "somebody's NPS score" if trigger.of == "contact" else "the company's average NPS"
            return f"when {whose} is {trigger.at_most} or lower"
        case QuarterEndTrigger():
            when = "before" if trigger.offset.amount < 0 else "after"
            return f"{_amount(trigger.offset)} {when} the end of the quarter"
        case RecurringTrigger():
            return _recurring_words(trigger)


def _recurring_words(trigger: RecurringTrigger) -> str:
    """`every month, on business day 1`, `every contract quarter, 21 days before its end`."""
    period = f"contract {trigger.every}" if trigger.of == "contract" else trigger.every
    day = abs(trigger.day.amount)
    if trigger.day.unit is Unit.BUSINESS_DAYS:
        count = f"business day {day}" if trigger.day.amount > 0 else f"business day {day} from the end"
        return f"every {period}, on {count}"
    when = f"on day {day}" if trigger.day.amount > 0 else f"{_amount(trigger.day)} before its end"
    return f"every {period}, {when}"


def _anchor(name: str) -> str:
    words = name.removesuffix("_date").replace("_", " ")
    return f"{words} date" if name.endswith("_date") else words


def _amount(offset: Offset) -> str:
    one, many = UNITS[offset.unit]
    amount = abs(offset.amount)
    return f"{amount} {one if amount == 1 else many}"


# --- a run ------------------------------------------------------------------------------------------------------------


def build_plan(plan: Plan, sentence: str | None = None) -> Message:
    """The run's steps in order. Without a sentence (mrkdwn) of its own it says that the run has started."""
    subject = f"{label(plan.account)} ({label(plan.contact, 60)})" if plan.contact else label(plan.account)
    title = sentence or f"{label(plan.playbook)} has started on {subject}."
    applying = [step for step in plan.steps if step.status is not StepStatus.NOT_APPLICABLE]
    left_out = [step for step in plan.steps if step.status is StepStatus.NOT_APPLICABLE]
    blocks = [section(f"*{title}*"), *sections(_planned_line(step, plan.today) for step in applying)]
    if left_out:
        names = ", ".join(label(step.title, 60) for step in left_out[:20])
        blocks.append(context(f"Does not apply: {names}"))
    if any(step.status is StepStatus.WAITING for step in applying):
        blocks.append(context(f"{MARKS[StepStatus.WAITING]}  waits for an earlier step"))
    if sentence is None:
        blocks.append(context(_told_words(plan)))
    return Message(title, blocks)


def _told_words(plan: Plan) -> str:
    if not plan.told:
        return "Each step is announced to its person on the morning it is due."
    names = " and ".join(label(name, 60) for name in plan.told)
    return f"{names} will hear of the first steps now; the others on the morning they are due."


def _planned_line(step: PlannedStep, today: date) -> str:
    when = day_words(step.due_on, today) if step.due_on else "no date yet"
    return f"{MARKS[step.status]}  {when}  ·  {label(step.title, 150)}  ·  {label(step.assignee, 60)}"


def build_contact_modal(form: StartRun, playbook: str, account: str, contacts: Sequence[ContactChoice]) -> Block:
    options = [option(f"{c.name} ({c.email})", str(c.contact_id)) for c in contacts[:SELECT_OPTIONS]]
    return modal(
        "Start a playbook",
        [
            context(f"*{label(playbook, 150)}*  ·  {label(account)}"),
            input_block(InputId.CONTACT, "Which contact is it about?", static_select(options, placeholder="A contact")),
        ],
        callback_id=CallbackId.RUN_START,
        submit="Start",
        metadata=form.pack(),
    )
