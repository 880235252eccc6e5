"""Messages of other systems, read as signals by a mapping file. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.library.inbound import ANYTHING, Inbound, InboundSignal

MILLISECONDS = 1e11  # a larger number of seconds would be a time after the year 5000


def messages_in(mapping: Inbound, body: Any) -> list[Any]:
    """The messages in a body."""
    found = follow(body, mapping.items) if mapping.items else body
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def signals_in(mapping: Inbound, name: str, message: Any) -> list[dict[str, Any]]:
    """The signals that a message is, as `read_sent` takes them; none when the mapping has no use for it.

    `name` is that of the mapping's file. What cannot be made sense of stays as it is, for the reader to refuse.
    """
    return [
        _signal(mapping, signal, name, message) for signal in mapping.signals if _is_of_the_right_sort(signal, message)
    ]


def follow(value: Any, path: str) -> Any:
    """What stands at a path; None when it leads nowhere."""
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _is_of_the_right_sort(signal: InboundSignal, message: Any) -> bool:
    return all(_is_one_of(follow(message, path), values) for path, values in signal.when.items())


def _is_one_of(value: Any, values: Sequence[Any]) -> bool:
    if ANYTHING in values:
        return value is not None
    return value is not None and str(value).casefold() in {str(one).casefold() for one in values}


def _signal(mapping: Inbound, signal: InboundSignal, name: str, message: Any) -> dict[str, Any]:
    number = signal.number if isinstance(signal.number, float) else _number(_first(message, signal.number))
    label = _text(_first(message, signal.label))
    if label is not None and signal.lower_case:
        label = label.lower()
    made = {
        "account": _text(_first(message, signal.account or mapping.account)),
        "contact": _text(_first(message, signal.contact or mapping.contact)),
        "kind": signal.kind,
        "number": number,
        "label": label,
        "comment": _text(_first(message, signal.comment)),
        "observed_at": _time(_first(message, signal.observed_at or mapping.observed_at)),
        "source": mapping.source or name,
        "external_id": _external_id(mapping, signal, label, message),
    }
    return {field: value for field, value in made.items() if value is not None}


def _first(message: Any, paths: Sequence[str] | None) -> Any:
    found = (follow(message, path) for path in paths or ())
    return next((value for value in found if value not in (None, "")), None)


def _text(value: Any) -> Any:
    """Ids are often numbers, and a label may be one."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
    """Some systems write every value as a text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _time(value: Any) -> Any:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    try:
        return datetime.fromtimestamp(value / 1000 if value > MILLISECONDS else value, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return value


def _external_id(mapping: Inbound, signal: InboundSignal, label: Any, message: Any) -> str | None:
    """The message's own id, with what tells the signals of one message from one another."""
    parts = [follow(message, path) for path in mapping.external_id]
    if not parts or None in parts:
        return None
    return ":".join(str(part) for part in (*parts, signal.kind, *(() if label is None else (label,))))
