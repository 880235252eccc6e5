"""What a step asks for when it is completed, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.errors import InvalidInput
from bot.library.schema import AnswerType, Outcome, Question, StepSpec

Answer = str | int | float | bool

REASON_LENGTH = 3000
ON_FILE = "on file"


@dataclass(frozen=True, slots=True)
class Found:
    """What was known of a question before it was answered. `source` is a signal's, ON_FILE, or None of several."""

    value: Answer
    source: str | None
    as_of: datetime | None
    is_stale: bool = False

    @property
    def is_measured(self) -> bool:
        return self.source != ON_FILE

    def recorded(self) -> dict[str, Any]:
        return {"value": self.value, "source": self.source, "as_of": self.as_of and self.as_of.isoformat()}


@dataclass(frozen=True)
class Completion:
    """What someone says when they complete a step. Answers are by question key, as typed.

    `found` is what was known of the questions before they were asked; `wrong` says in words what is wrong with it.
    """

    outcome: str | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    artefact: str | None = None
    reason: str | None = None
    found: Mapping[str, Found] = field(default_factory=dict)
    wrong: str | None = None


NOTHING_SAID = Completion()


@dataclass(frozen=True)
class Checked:
    outcome: Outcome | None
    answers: dict[str, Answer]
    artefact: str | None
    reason: str | None


def check_completion(spec: StepSpec, completion: Completion) -> Checked:
    """The completion in its proper types. Raises InvalidInput naming the first field that needs mending."""
    return Checked(
        outcome=_check_outcome(spec, completion),
        answers=check_answers(spec, completion.answers),
        artefact=_check_artefact(spec, completion.artefact),
        reason=completion.reason.strip()[:REASON_LENGTH] if completion.reason else None,
    )


def check_answers(spec: StepSpec, given: dict[str, Any]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    for question in spec.questions:
        value = given.get(question.key)
        if value is None or (isinstance(value, str) and not value.strip()):
            if question.required:
                raise InvalidInput(f"“{question.label}” needs an answer.", field=question.key)
            continue
        answers[question.key] = _parse(question, value)
    return answers


def _parse(question: Question, value: Any) -> Answer:
    text = str(value).strip()
    match question.type:
        case AnswerType.NUMBER:
            return _number(question, text)
        case AnswerType.DATE:
            return _date(question, text)
        case AnswerType.LINK:
            return check_link(text, field=question.key)
        case AnswerType.CHOICE if text not in question.options:
            raise InvalidInput(f"“{text}” is not one of the choices.", field=question.key)
        case AnswerType.YES_NO:
            return value if isinstance(value, bool) else text.lower() in {"yes", "true"}
        case _:
            return text


def _number(question: Question, text: str) -> int | float:
    try:
        number = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        number = float("nan")
    if number != number or number in {float("inf"), float("-inf")}:
        raise InvalidInput(f"“{text}” is not a number. Write it in digits, such as 12500.", field=question.key)
    return int(number) if number.is_integer() else number


def _date(question: Question, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidInput(f"“{text}” is not a date. Write it as 2026-05-31.", field=question.key) from None


def check_link(text: str, *, field: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or " " in text:
        raise InvalidInput("That is not a link. Paste the whole address, starting with https://.", field=field)
    return text


def _check_artefact(spec: StepSpec, given: str | None) -> str | None:
    text = (given or "").strip()
    if spec.artefact is None:
        return text or None
    if not text:
        raise InvalidInput(f"“{spec.artefact.label}” is needed before this step counts as done.", field="artefact")
    return check_link(text, field="artefact") if spec.artefact.type == "link" else text


def _check_outcome(spec: StepSpec, completion: Completion) -> Outcome | None:
    if not spec.outcomes:
        return None
    outcome = next((o for o in spec.outcomes if o.key == completion.outcome), None)
    if outcome is None:
        choices = ", ".join(o.label for o in spec.outcomes)
        raise InvalidInput(f"Say how it ended: {choices}.", field="outcome")
    if outcome.asks_why and not (completion.reason or "").strip():
        raise InvalidInput(f"Say why, for “{outcome.label}”.", field="reason")
    return outcome
