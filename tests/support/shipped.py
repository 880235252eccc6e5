"""The shipped library, and questions that tests ask about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.library.conditions import holds
from bot.library.facts import account_facts
from bot.library.files import Files
from bot.library.library import Library
from bot.library.loading import Catalog
from bot.library.schema import Playbook, StepSpec, Trigger
from bot.library.watching import TreeStamp, stamp_of
from bot.models import Account, EntryReason, Segment, Stage, Touch
from bot.settings import ROOT

SHIPPED = (ROOT / "playbooks", ROOT / "templates")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TODAY = NOW.date()


def shipped() -> Library:
    library = Library(*SHIPPED)
    library.load()
    return library


@contextmanager
def shipped_once() -> Iterator[None]:
    """Inside, the first library of the shipped files reads them, and the others take over what it read.

    Nothing of that is ever changed. A library that has read something before, or whose directories are others, reads
    its files as ever.
    """
    read = Files.load
    kept: dict[TreeStamp, dict[str, Any]] = {}

    def load(files: Files) -> Catalog:
        if (files.directory, files.emails.directory) != SHIPPED or files._stamp is not None:
            return read(files)
        stamp = stamp_of(*SHIPPED)
        if stamp not in kept:
            other = Files(*SHIPPED)
            read(other)
            assert other.documents  # worked out once, too
            kept[stamp] = {name: value for name, value in vars(other).items() if name != "_loading"}
        vars(files).update(kept[stamp])
        return files.catalog

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Files, "load", load)
        yield


def keys(category: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "playbooks" / category).glob("*.yaml"))


def account(**changes: object) -> Account:
    base = {
        "key": "acme",
        "name": "Acme",
        "segment": Segment.MID_MARKET,
        "touch": Touch.HIGH,
        "stage": Stage.ADOPTION,
        "entry_reason": EntryReason.NEW,
        "attributes": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Account.model_validate({**base, **changes})


def may_start(trigger: Trigger, today: date = TODAY, **changes: object) -> bool:
    return holds(trigger.when, {"account": account_facts(account(**changes), today)})


def applying(playbook: Playbook, **changes: object) -> set[str]:
    facts = {"account": account_facts(account(**changes), TODAY)}
    return {step.key for step in playbook.steps if holds(step.when, facts)}


def saved(step: StepSpec) -> set[str]:
    return {question.saves_to for question in step.questions if question.saves_to}


def milestones(step: StepSpec) -> set[str]:
    return {outcome.milestone for outcome in step.outcomes if outcome.milestone}
