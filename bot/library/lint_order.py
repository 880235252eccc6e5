"""Steps that can never be done, and steps that are due before what they need."""

from collections.abc import Iterator, Mapping, Sequence

from bot.library.lint_rules import Level, Remark, steps_before
from bot.library.offsets import Offset, Unit
from bot.library.schema import Playbook, StepSpec, Then

HOLIDAYS = 5  # public holidays that a stretch of business days may hold besides its weekends


def order_remarks(playbook: Playbook) -> Iterator[Remark]:
    before = steps_before(playbook)
    by_key = {step.key: step for step in playbook.steps}
    for index, step in enumerate(playbook.steps):
        for key in sorted(before[step.key]):
            if message := _never_follows(step, by_key[key]):
                yield Remark(Level.WARNING, ("steps", index), message)
        for place, key in enumerate(step.needs):
            if _is_earlier(step, by_key[key], by_key):
                message = (
                    f"step {step.key!r} is due before {key!r}, which it needs; give it a later `due`, such as "
                    f"`{key} + 1bd`, or do not let it wait"
                )
                yield Remark(Level.WARNING, ("steps", index, "needs", place), message)


def _never_follows(step: StepSpec, needed: StepSpec) -> str | None:
    """Why a step can never be done after one that it needs; None when it can."""
    if not needed.outcomes:
        return None
    going_on = [outcome for outcome in needed.outcomes if outcome.then is Then.CONTINUE]
    if not going_on:
        return (
            f"step {step.key!r} can never be done: every outcome of {needed.key!r} ends the run. "
            "Let one of them go on, or take the step out"
        )
    if all(step.key in outcome.not_applicable for outcome in going_on):
        return (
            f"step {step.key!r} can never be done: no outcome of {needed.key!r} leaves it in place. "
            "Take it out of one `not_applicable`, or take the step out"
        )
    return None


# --- what is due when -------------------------------------------------------------------------------------------------


def _is_earlier(step: StepSpec, needed: StepSpec, by_key: Mapping[str, StepSpec]) -> bool:
    """Whether a step is certain to be due before the one it needs. Days after different dates cannot be compared."""
    mine, theirs = _way_to(step, by_key), _way_to(needed, by_key)
    if mine[0][0] != theirs[0][0]:
        return False
    shared = sum(1 for one, other in zip(mine, theirs, strict=False) if one == other)
    own, other = [offset for _, offset in mine[shared:]], [offset for _, offset in theirs[shared:]]
    if all(offset.unit is Unit.BUSINESS_DAYS or not offset.amount for offset in (*own, *other)):
        return sum(offset.amount for offset in own) < sum(offset.amount for offset in other)
    return _latest(own) < _earliest(other)


def _way_to(step: StepSpec, by_key: Mapping[str, StepSpec]) -> list[tuple[str, Offset]]:
    """The date a step hangs on, then the steps on the way to it, each with its distance from the one before."""
    way: list[tuple[str, Offset]] = []
    at: StepSpec | None = step
    date = ""
    while at:
        way.append((at.key, at.due.offset))
        date = at.due.reference
        at = by_key.get(date)
    return [(date, Offset(0)), *reversed(way)]


def _earliest(offsets: Sequence[Offset]) -> int:
    return sum(min(_days(offset)) for offset in offsets)


def _latest(offsets: Sequence[Offset]) -> int:
    return sum(max(_days(offset)) for offset in offsets)


def _days(offset: Offset) -> tuple[int, int]:
    """Between how many days a distance is, the nearer first. Business days have weekends and holidays among them."""
    amount = offset.amount
    if offset.unit is not Unit.BUSINESS_DAYS or not amount:
        days = amount * 7 if offset.unit is Unit.WEEKS else amount
        return days, days
    farther = abs(amount) + 2 * (abs(amount) // 5 + 1) + HOLIDAYS
    return amount, farther if amount > 0 else -farther
