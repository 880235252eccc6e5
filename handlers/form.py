"""Reading what was entered in a modal, by block id."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bot.slack.ids import VALUE


class Form:
    """The values of a submitted view. What was left empty is None."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        self._values: Mapping[str, Any] = view.get("state", {}).get("values", {})

    def text(self, block_id: str) -> str | None:
        return str(self._element(block_id).get("value") or "").strip() or None

    def chosen(self, block_id: str) -> str | None:
        """The value of the chosen option, or the chosen user's id."""
        element = self._element(block_id)
        option = element.get("selected_option") or {}
        return option.get("value") or element.get("selected_user")

    def day(self, block_id: str) -> date | None:
        picked = self._element(block_id).get("selected_date")
        return date.fromisoformat(picked) if picked else None

    def checked(self, block_id: str) -> bool:
        return bool(self._element(block_id).get("selected_options"))

    def choices(self, block_id: str) -> list[str]:
        """The values of all options that are checked."""
        return [str(option["value"]) for option in self._element(block_id).get("selected_options") or ()]

    def any(self, block_id: str) -> str | None:
        """What was entered, whatever kind of input it is: a date as `2026-05-31`, an option as its value."""
        day = self.day(block_id)
        return day.isoformat() if day else self.chosen(block_id) or self.text(block_id)

    @property
    def block_ids(self) -> list[str]:
        return list(self._values)

    def typed(self) -> list[str]:
        """Everything that was written by hand, in the order of the modal."""
        return [text for block_id in self._values if (text := self.text(block_id))]

    def has(self, block_id: str) -> bool:
        return block_id in self._values

    def _element(self, block_id: str) -> Mapping[str, Any]:
        elements: Mapping[str, Any] = self._values.get(block_id, {})
        found: Mapping[str, Any] = elements.get(VALUE, {})
        return found
