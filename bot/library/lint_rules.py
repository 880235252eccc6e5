"""What a playbook that can be used should say and does not: stages, owners, exit criteria, guidance, value."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from bot.library.conditions import constant
from bot.library.nearness import did_you_mean
from bot.library.references import Location
from bot.library.rendering import EmailTemplates, TemplateMistake, render_email
from bot.library.schema import Category, Mode, Playbook, StepSpec
from bot.library.tags import PERSON, TAGS, answers_key
from bot.models import StepKind

REVIEW_EVERY = timedelta(days=365)

_STAGE = re.compile(r"""account\.stage\s*[=!]=\s*["']([^"']*)["']""")


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a part of a playbook, with what to do about it."""

    level: Level
    location: Location
    message: str


def playbook_remarks(
    playbook: Playbook, emails: EmailTemplates, today: date, stages: Collection[str]
) -> Iterator[Remark]:
    """`stages` are the names of the stages that there are."""
    for rule in PLAYBOOK_RULES:
        yield from rule(playbook)
    yield from _stages(playbook, stages)
    yield from _review(playbook, today)
    for index, step in enumerate(playbook.steps):
        for step_rule in STEP_RULES:
            for remark in step_rule(step):
                yield Remark(remark.level, ("steps", index, *remark.location), remark.message)
        yield from _automatic_emails(playbook, index, emails)


# --- a playbook -------------------------------------------------------------------------------------------------------


def _stages(playbook: Playbook, stages: Collection[str]) -> Iterator[Remark]:
    if not playbook.stages and playbook.category is not Category.REVIEWS:
        message = f"it fits no stage of the life-cycle; name those it belongs to, of {', '.join(stages)}"
        yield Remark(Level.WARNING, ("stages",), message)
    asked = [(where, stage) for where, condition in _conditions_of(playbook) for stage in _STAGE.findall(condition)]
    for where, stage in [*((("stages", index), name) for index, name in enumerate(playbook.stages)), *asked]:
        if stage not in stages:
            meant = did_you_mean(stage, stages) or f"There are {', '.join(stages)}."
            yield Remark(Level.WARNING, where, f"there is no stage {str(stage)!r}. {meant}")


def _owner(playbook: Playbook) -> Iterator[Remark]:
    if playbook.owners.journey is None:
        message = "nobody owns it; name who approves changes, such as `owners: {journey: leader}`"
        yield Remark(Level.WARNING, ("owners", "journey"), message)


def _exit_criteria(playbook: Playbook) -> Iterator[Remark]:
    if not playbook.exit_criteria:
        message = "nothing is checked at its end; name at least one thing that must be true when it has worked"
        yield Remark(Level.WARNING, ("exit_criteria",), message)


def _triggers(playbook: Playbook) -> Iterator[Remark]:
    if not playbook.triggers:
        yield Remark(Level.ADVICE, ("triggers",), "only people start it; add a trigger if something else could")


def _review(playbook: Playbook, today: date) -> Iterator[Remark]:
    if playbook.reviewed_on is None:
        message = f"nobody has said that it was read and found right; then write `reviewed_on: {today}`"
        yield Remark(Level.WARNING, ("reviewed_on",), message)
    elif today - playbook.reviewed_on > REVIEW_EVERY:
        message = f"last read over a year ago, on {playbook.reviewed_on}; read it again, then write the day here"
        yield Remark(Level.WARNING, ("reviewed_on",), message)


def _conditions(playbook: Playbook) -> Iterator[Remark]:
    for where, condition in _conditions_of(playbook):
        if constant(condition) is False:
            yield Remark(Level.WARNING, where, "this condition is false for every account; mend it, or take this out")


def _conditions_of(playbook: Playbook) -> list[tuple[Location, str]]:
    conditions: list[tuple[Location, str | None]] = [
        *((("triggers", index, "when"), trigger.when) for index, trigger in enumerate(playbook.triggers)),
        *((("steps", index, "when"), step.when) for index, step in enumerate(playbook.steps)),
        *((("exit_criteria", index, "when"), each.when) for index, each in enumerate(playbook.exit_criteria)),
    ]
    return [(where, condition) for where, condition in conditions if condition]


PLAYBOOK_RULES: tuple[Callable[[Playbook], Iterator[Remark]], ...] = (
    _owner,
    _exit_criteria,
    _triggers,
    _conditions,
)


# --- a step -----------------------------------------------------------------------------------------------------------


def _guidance(step: StepSpec) -> Iterator[Remark]:
    if not step.guidance.strip():
        message = f"step {step.key!r} has no guidance; say why, what good looks like, what to avoid, how long it takes"
        yield Remark(Level.WARNING, (), message)


def _value(step: StepSpec) -> Iterator[Remark]:
    with_them = step.kind is StepKind.MEETING and step.attendees  # a meeting without attendees is one of our own
    if (with_them or step.email or step.channel) and not step.value:
        message = f"step {step.key!r} takes the customer's time; say in `value` what they gain, or leave it out"
        yield Remark(Level.WARNING, (), message)


STEP_RULES: tuple[Callable[[StepSpec], Iterator[Remark]], ...] = (_guidance, _value)


# --- emails that go by themselves -------------------------------------------------------------------------------------


def _automatic_emails(playbook: Playbook, index: int, emails: EmailTemplates) -> Iterator[Remark]:
    step = playbook.steps[index]
    if step.mode is not Mode.AUTOMATIC or step.email is None:
        return
    for path in emails.variants(step.email.template):
        try:
            missing = render_email(emails.read(path), _certain(playbook, step)).missing
        except TemplateMistake:
            continue  # the catalog has an error for it
        if missing:
            message = (
                f"{emails.name_of(path)} may lack {', '.join(missing)}, and waits for a person then; put an "
                "`{% if %}` around it, or write `mode: human`"
            )
            yield Remark(Level.WARNING, ("steps", index, "email", "template"), message)


def _certain(playbook: Playbook, step: StepSpec) -> dict[str, Any]:
    """The merge tags that have a value on every account: names, our CSM, and what steps before this one require."""
    before = steps_before(playbook)[step.key]
    always = {"account": ("name", "key", "segment", "stage"), "csm": PERSON, "sender": PERSON, "run": TAGS["run"]}
    context: dict[str, Any] = {root: {name: name for name in names} for root, names in always.items()}
    context |= {"contact": {name: name for name in PERSON}, "playbook": {"title": playbook.title}}
    anchors = {trigger.anchor for trigger in playbook.triggers if trigger.on == "anchor"}
    if len(playbook.triggers) == 1 and anchors:
        context["account"] |= {anchor.value: date.min for anchor in anchors}
    answers = {answers_key(each.key): _required(each) for each in playbook.steps if each.key in before}
    return context | {"today": date.min, "answers": answers}


def _required(step: StepSpec) -> dict[str, str]:
    answers = {question.key: question.label for question in step.questions if question.required}
    return answers | ({"artefact": step.artefact.label} if step.artefact else {})


def steps_before(playbook: Playbook) -> Mapping[str, frozenset[str]]:
    """For each step those that are finished before it opens: what it needs, and what that needs."""
    direct = {step.key: step.needs for step in playbook.steps}
    found: dict[str, frozenset[str]] = {}

    def before(key: str) -> frozenset[str]:
        if key not in found:
            found[key] = frozenset(direct[key]).union(*(before(needed) for needed in direct[key]))
        return found[key]

    for key in direct:
        before(key)
    return found
