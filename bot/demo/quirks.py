"""What the demo workspace does differently from Slack, mended before our listeners see it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# What an element starts with -> where a submission carries its value. Slack submits an untouched input with what it
# started with; local-slack 0.1.8 submits it empty.
INITIAL = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_date": "selected_date",
}


async def fill_untouched_inputs(body: dict[str, Any], next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002  # Bolt's name
    """Bolt middleware: give the untouched inputs of a submitted modal what they started with."""
    if body.get("type") == "view_submission":
        fill(body["view"])
    await next()


def fill(view: Mapping[str, Any]) -> None:
    submitted = view["state"]["values"]
    for block in view["blocks"]:
        element = block.get("element") or {}
        value = submitted.get(block.get("block_id"), {}).get(element.get("action_id"))
        for initial, target in INITIAL.items():
            if value is not None and initial in element and not value.get(target) and value.get(target) != "":
                value[target] = element[initial]
