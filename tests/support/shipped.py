"""The shipped library, and questions that tests ask about it."""

from datetime import UTC, date, datetime

from bot.library.conditions import holds
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.schema import Playbook, StepSpec, Trigger
from bot.models import Account, EntryReason, Segment, Stage, Touch
from bot.settings import ROOT

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TODAY = NOW.date()


def shipped() -> Library:
    library = Library(ROOT / "playbooks", ROOT / "templates")
    library.load()
    return library


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
