"""Fields of an account that steps fill in: checked, changed, and given back when the step is undone."""

from datetime import date, datetime
from enum import Enum
from typing import Any

from bot.engine.accounts import AccountFields, check
from bot.engine.answers import Answer
from bot.errors import InvalidInput
from bot.library.schema import StepSpec
from bot.models import Account

ATTRIBUTE = "attributes."

Changed = dict[str, list[Any]]  # by field: the value before and the value after, as JSON types


def saved_fields(spec: StepSpec, answers: dict[str, Answer]) -> dict[str, Any]:
    """What the answers say about the account, by field (`attributes.x` for its free attributes), as JSON types.

    Raises InvalidInput, naming the question, for a value the account cannot have.
    """
    saved: dict[str, Any] = {}
    for question in spec.questions:
        if question.saves_to and question.key in answers:
            saved[question.saves_to] = answers[question.key]
            try:
                _typed(question.saves_to, answers[question.key])
            except InvalidInput as error:
                raise InvalidInput(error.message, field=question.key) from error
    return saved


def change_account(account: Account, values: dict[str, Any], now: datetime) -> Changed:
    """Set fields, and return those that really changed."""
    changed: Changed = {}
    for name, value in values.items():
        former = _read(account, name)
        after = _plain(_typed(name, value))
        if former != after:
            changed[name] = [former, after]
            _write(account, name, after)
    if changed:
        account.updated_at = now
    return changed


def restore_account(account: Account, changed: Changed, now: datetime) -> set[str]:
    """Give back what was before, except where somebody has changed it since. Returns the fields given back."""
    ours = {name: before for name, (before, after) in changed.items() if _read(account, name) == after}
    for name, before in ours.items():
        _write(account, name, before)
    if ours:
        account.updated_at = now
    return set(ours)


def describe_change(name: str, after: Any) -> str:
    return f"{name.removeprefix(ATTRIBUTE).replace('_', ' ')} to {after}"


def _read(account: Account, name: str) -> Any:
    if name.startswith(ATTRIBUTE):
        return account.attributes.get(name.removeprefix(ATTRIBUTE))
    return _plain(getattr(account, name))


def _write(account: Account, name: str, value: Any) -> None:
    if name.startswith(ATTRIBUTE):
        account.attributes = {**account.attributes, name.removeprefix(ATTRIBUTE): value}
    else:
        setattr(account, name, _typed(name, value))


def _typed(name: str, value: Any) -> Any:
    """The value in the type of its column, checked. Free attributes hold whatever was answered."""
    return value if name.startswith(ATTRIBUTE) else getattr(check(AccountFields, {name: value}), name)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
