"""What the people of a rehearsal are assumed to do, and when: a step is done on its day, an hour into it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from bot.engine.answers import Completion
from bot.engine.calendars import at_hour, local_date, next_working_time, working_day_on_or_after
from bot.errors import InvalidInput
from bot.library.nearness import nearest
from bot.library.schema import AnswerType, Artefact, ContactRoleTrigger, Outcome, Playbook, Question, StepSpec
from bot.models import Contact, ContactRole, Member
from bot.slack.completion_modal import AskedQuestion

PAUSE = timedelta(hours=1)  # between a message and what its reader does
SHORT_PAUSE = timedelta(minutes=10)  # before somebody takes what cannot wait
MOST_LATE = 90
REASON = "as the rehearsal assumes"
WORDS = "(an answer)"
LINK = "https://example.com/rehearsal"
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Assumptions:
    """`outcomes` are chosen by step key; `late` is by how many days people are late with everything."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    late: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.late <= MOST_LATE:
            raise InvalidInput(f"People can be 0 to {MOST_LATE} days late in a rehearsal.")


AS_PLANNED = Assumptions()


def parse_choices(choices: Iterable[str]) -> dict[str, str]:
    """`["kickoff=agreed"]` as outcomes by step key. Raises InvalidInput."""
    outcomes = {}
    for choice in choices:
        step, equals, outcome = (part.strip() for part in choice.partition("="))
        if not (step and equals and outcome):
            raise InvalidInput(f"“{choice[:80]}” chooses nothing. Write it as STEP=OUTCOME, such as kickoff=agreed.")
        outcomes[step] = outcome
    return outcomes


def check_outcomes(playbook: Playbook, outcomes: Mapping[str, str]) -> None:
    """Raises InvalidInput, with the nearest one, for a step or an outcome that the playbook does not have."""
    specs = {spec.key: spec for spec in playbook.run_steps}
    for step, outcome in outcomes.items():
        if step not in specs:
            raise InvalidInput(f"{playbook.title} has no step `{step[:80]}` here. {_instead(step, specs)}")
        known = [each.key for each in specs[step].outcomes]
        if not known:
            raise InvalidInput(f"The step `{step}` ends in one way only: there is no outcome to choose.")
        if outcome not in known:
            raise InvalidInput(f"The step `{step}` has no outcome `{outcome[:80]}`. {_instead(outcome, known)}")


def _instead(name: str, known: Iterable[str]) -> str:
    choices = list(known)
    near = nearest(name, choices)
    return f"Did you mean `{near}`?" if near else f"There are {', '.join(f'`{choice}`' for choice in choices)}."


def choose_contact(playbook: Playbook, contacts: Sequence[Contact]) -> Contact | None:
    """Whom a playbook about a contact would be about: somebody with the role it waits for, a champion, anybody."""
    roles: list[str] = [trigger.role for trigger in playbook.triggers if isinstance(trigger, ContactRoleTrigger)]
    wanted = [*roles, ContactRole.CHAMPION]
    having = (contact for role in wanted for contact in contacts if role in contact.roles)
    return next(having, next(iter(contacts), None))


def when_done(due_on: date, opened_at: datetime, person: Member, late: int) -> datetime:
    """When somebody does what is due: on its day, or so many days after it, in their working hours."""
    day = max(due_on, local_date(opened_at, person.timezone)) + timedelta(days=late)
    morning = at_hour(working_day_on_or_after(day, person.country), person.workday_start, person.timezone)
    moment = max(morning, opened_at) + PAUSE
    return next_working_time(person, moment) or moment


def when_taken(raised_at: datetime, person: Member, late: int) -> datetime:
    """When somebody takes an escalation."""
    moment = raised_at + SHORT_PAUSE + timedelta(days=late)
    return next_working_time(person, moment) or moment


def complete(
    spec: StepSpec, asked: Iterable[AskedQuestion], today: date, assumptions: Assumptions, *, is_again: bool
) -> Completion:
    """What somebody says who completes the step: what is known already, and words in place of what is not.

    A step that sent others back and is done `is_again` goes on; else it would send them back forever.
    """
    outcome = _outcome(spec, assumptions.outcomes.get(spec.key), is_again=is_again)
    return Completion(
        outcome=outcome.key if outcome else None,
        answers={each.question.key: _answer(each, today) for each in asked},
        artefact=_artefact(spec.artefact),
        reason=REASON if outcome and outcome.asks_why else None,
    )


def _outcome(spec: StepSpec, chosen: str | None, *, is_again: bool) -> Outcome | None:
    onward = next((outcome for outcome in spec.outcomes if not outcome.reopen), None)
    wanted = next((outcome for outcome in spec.outcomes if outcome.key == chosen), None)
    if wanted is None or (is_again and wanted.reopen):
        return onward or next(iter(spec.outcomes), None)
    return wanted


def _answer(asked: AskedQuestion, today: date) -> Any:
    return _placeholder(asked.question, today) if asked.prefill is None else asked.prefill


def _placeholder(question: Question, today: date) -> Any:
    match question.type:
        case AnswerType.NUMBER:
            return 1
        case AnswerType.DATE:
            return (today + SOON).isoformat()
        case AnswerType.YES_NO:
            return True
        case AnswerType.LINK:
            return LINK
        case AnswerType.CHOICE:
            return question.options[0]
        case _:
            return WORDS


def _artefact(artefact: Artefact | None) -> str | None:
    if artefact is None:
        return None
    return LINK if artefact.type == "link" else WORDS
