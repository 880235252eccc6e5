"""Stages, segments and journeys are names from the configuration: here they are checked wherever somebody sets one."""

from collections.abc import Mapping
from typing import Any

from bot.errors import InvalidInput
from bot.library.library import Library
from bot.library.nearness import unknown_name


def require_known_names(library: Library, values: Mapping[str, Any]) -> None:
    """Raises InvalidInput, naming the field, when a value is a stage, a segment or a journey that does not exist."""
    known: Mapping[str, Mapping[str, Any]] = {
        "stage": library.stages.titles,
        "segment": library.segments.titles,
        "journey": library.journeys,
    }
    for field, names in known.items():
        value = values.get(field)
        if value is not None and value not in names:
            raise InvalidInput(f"{unknown_name(field, value, names)}.", field=field)
