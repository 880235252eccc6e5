"""Which playbooks wait for something, and whether their condition lets them start."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import structlog

from bot.library.conditions import ConditionError, holds
from bot.library.library import Library
from bot.library.schema import (
    AnchorTrigger,
    ContactRoleTrigger,
    MilestoneTrigger,
    NpsTrigger,
    Playbook,
    QuarterEndTrigger,
    RecurringTrigger,
    SentimentTrigger,
)

log = structlog.get_logger(__name__)

T = TypeVar(
    "T",
    AnchorTrigger,
    MilestoneTrigger,
    ContactRoleTrigger,
    SentimentTrigger,
    NpsTrigger,
    QuarterEndTrigger,
    RecurringTrigger,
)


def waiting(library: Library, kind: type[T]) -> Iterator[tuple[Playbook, T]]:
    """Every playbook in use with a trigger of this kind, once for each such trigger. What is off waits for nothing."""
    for playbook in library.current.values():
        if not library.is_on(playbook.key):
            continue
        for trigger in playbook.triggers:
            if isinstance(trigger, kind):
                yield playbook, trigger


def waiting_for_roles(library: Library, roles: list[str]) -> list[tuple[Playbook, ContactRoleTrigger]]:
    return [(playbook, trigger) for playbook, trigger in waiting(library, ContactRoleTrigger) if trigger.role in roles]


def waiting_for_scores(
    library: Library, contact: float | None, company: float | None
) -> list[tuple[Playbook, NpsTrigger]]:
    """What a contact's score, or the average of the company with it, is low enough for."""
    scores = {"contact": contact, "company": company}
    return [
        (playbook, trigger)
        for playbook, trigger in waiting(library, NpsTrigger)
        if (score := scores[trigger.of]) is not None and score <= trigger.at_most
    ]


def applies(playbook: Playbook, condition: str | None, facts: Mapping[str, Any]) -> bool:
    """Whether a trigger's condition holds. One that cannot be evaluated does not, and stops nothing else."""
    try:
        return holds(condition, facts)
    except ConditionError as error:
        log.warning("trigger_condition_failed", playbook=playbook.key, why=error.message)
        return False
