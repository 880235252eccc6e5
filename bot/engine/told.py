"""What a completed step says about the data: kept as signals, and told to the data owner where it contradicts them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.answers import Answer, Found
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.governance.owners import owners_of
from bot.engine.informing import tell
from bot.engine.state import RunState
from bot.errors import InvalidInput
from bot.library.library import Library
from bot.library.measures import HEALTH, Measure, Take
from bot.library.metrics import Metric
from bot.library.schema import Question
from bot.models import Signal, SignalKind, Step

BY_HAND = "slack"
TOPIC = "wrong-data"
HEAD = "Somebody found data to be wrong:"


@dataclass(frozen=True, slots=True)
class Correction:
    """A number that came in and is not so, by somebody who looked."""

    question: Question
    found: Found
    answer: Answer

    @property
    def words(self) -> str:
        return f"{self.question.label}: {self.found.source or 'the data'} said {self.found.value}, it is {self.answer}"


def corrections(
    questions: list[Question], answers: Mapping[str, Answer], found: Mapping[str, Found]
) -> list[Correction]:
    """The answers that contradict what was measured."""
    return [
        Correction(question, found[question.key], answers[question.key])
        for question in questions
        if question.key in found
        if question.key in answers
        if found[question.key].is_measured
        if found[question.key].value != answers[question.key]
    ]


async def keep_told(
    session: AsyncSession,
    library: Library,
    state: RunState,
    step: Step,
    answers: Mapping[str, Answer],
    found: Mapping[str, Found],
    actor: Actor | None,
    now: datetime,
) -> list[int]:
    """Store what was answered by hand and is measured otherwise as signals. Returns their ids, so that undo can.

    What the data said already is not stored a second time.
    """
    signals = [
        _signal(step, question, measure, answers[question.key], actor, now)
        for question, measure, metric in _storable(library, state.spec(step).questions)
        if question.key in answers
        if not _is_known(found.get(question.key), answers[question.key])
        if _require_sensible(question, metric, answers[question.key])
    ]
    if not signals:
        return []
    session.add_all(signals)
    await session.flush()
    await ask_for_evaluation(session, [step.account_id], now)
    return [signal.id for signal in signals]


async def forget_told(session: AsyncSession, step: Step, now: datetime) -> None:
    """What was said in a step that is undone was not said."""
    if signal_ids := step.effects.get("signals"):
        await session.exec(delete(Signal).where(col(Signal.id).in_(signal_ids)))
        await ask_for_evaluation(session, [step.account_id], now)


async def tell_data_owner(
    session: AsyncSession,
    library: Library,
    state: RunState,
    corrected: list[Correction],
    why: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Whoever answers for the playbook's data hears once what was wrong; not the one who said so."""
    if not (corrected or why):
        return
    owner = state.playbook.owners.data or library.metrics.owner
    said = "; ".join(correction.words for correction in corrected) or "wrong data"
    line = f"{state.account.name}, {state.run.title}: {said} ({actor.name}{f': {why}' if why else ''})"
    for member in await owners_of(session, owner, state.account.id):
        if member.id != actor.member_id:
            await tell(session, member, TOPIC, HEAD, line, now)


def _storable(library: Library, questions: list[Question]) -> Iterator[tuple[Question, Measure, Metric]]:
    """The questions whose answer is a fact of now: not a mean, a share, or something Playcall itself keeps."""
    for question in questions:
        measure = question.measure
        if measure is None or question.percent_of or measure.take is not Take.LAST or measure.ago:
            continue
        metric = library.metrics.known.get(measure.metric)
        if metric and metric.has_number and measure.metric not in {*SignalKind, HEALTH} and metric.of == "account":
            yield question, measure, metric


def _is_known(found: Found | None, answer: Answer) -> bool:
    return found is not None and found.is_measured and found.value == answer


def _require_sensible(question: Question, metric: Metric, answer: Answer) -> bool:
    if not isinstance(answer, int | float):
        return False
    if metric.minimum is not None and answer < metric.minimum:
        raise InvalidInput(f"{metric.title} cannot be below {metric.minimum:g}.", field=question.key)
    if metric.maximum is not None and answer > metric.maximum:
        raise InvalidInput(f"{metric.title} cannot be above {metric.maximum:g}.", field=question.key)
    return True


def _signal(
    step: Step, question: Question, measure: Measure, answer: Answer, actor: Actor | None, now: datetime
) -> Signal:
    return Signal(
        account_id=step.account_id,
        kind=measure.metric,
        label=measure.label,
        number=float(answer),
        author_id=actor.member_id if actor else None,
        source=BY_HAND,
        external_id=f"step:{step.id}:{step.revision}:{question.key}",
        observed_at=now,
        created_at=now,
    )
