from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.library.conditions import (
    ACCOUNT_FIELDS,
    CONTACT_FIELDS,
    Condition,
    ConditionError,
    holds,
    unknown_fields,
)
from bot.library.facts import account_facts, contact_facts
from bot.models import Account, AdvocateStatus, Contact, EntryReason, Segment, Sentiment, Stage, Touch

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FACTS = {
    "account": {"segment": "enterprise", "stage": "adoption", "arr": 50_000, "attributes": {"open_tickets": 3}},
    "contact": {"nps": 4, "roles": ["admin", "champion"]},
}
CONDITION: TypeAdapter[str] = TypeAdapter(Condition)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('account.segment == "enterprise"', True),
        ('account.stage in ["trial", "onboarding"]', False),
        ('account.arr > 10000 && account.segment != "smb"', True),
        ("account.attributes.open_tickets >= 3", True),
        ("contact.nps <= 6", True),
        ('contact.roles.exists(role, role == "admin")', True),
        (None, True),
    ],
)
def test_conditions_ask_about_the_account_and_the_contact(expression: str | None, expected: bool) -> None:
    assert holds(expression, FACTS) is expected


@pytest.mark.parametrize(
    "expression", ["account.renewal_date > '2026'", "account.attributes.seats < 5", "contact.x == 1"]
)
def test_what_is_not_known_makes_a_condition_false(expression: str) -> None:
    assert holds(expression, FACTS) is False


def test_a_condition_that_compares_what_cannot_be_compared_says_so() -> None:
    with pytest.raises(ConditionError, match=r"account\.segment > 5"):
        holds("account.segment > 5", FACTS)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("account.stage ==", "not a CEL expression"),
        ("acount.stage == 'trial'", "unknown name 'acount'"),
        ("import os", "not a CEL expression"),
        ("(" * 1_000 + "true" + ")" * 1_000, "2,000 characters"),
        ("(" * 500 + "true" + ")" * 500, "not a CEL expression"),
        ("[1, 2].all(a, [1, 2].all(b, [1, 2].all(c, true)))", "at most 2 of all, exists, filter and map"),
        (
            "[1].all(a, (([1] . exists (b, [1].filter(c, true).size() > 0))))",
            "at most 2 of all, exists, filter and map",
        ),
        ("['ha'].map(x, x + x + x).map(x, x + x + x).size() > 0", "map can be used once"),
    ],
)
def test_a_condition_that_cannot_be_read_or_costs_too_much_is_refused(expression: str, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        CONDITION.validate_python(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "contact.roles.exists(a, a == 'x') && contact.roles.all(b, b != 'y') && contact.roles.exists(c, c == ')')",
        "contact.roles.exists(a, ['x', 'y'].exists(b, a == b))",
        "account.name == '.all(a, .all(b, .all(c, '",
    ],
)
def test_loops_beside_one_another_and_two_inside_are_cheap_enough(expression: str) -> None:
    assert CONDITION.validate_python(expression) == expression


@pytest.mark.parametrize(
    "expression",
    ["open('/etc/passwd') == ''", "account.__class__ == ''", "account.name.__init__() == ''", "account.name = 'x'"],
)
def test_a_condition_can_compute_and_do_nothing_else(expression: str) -> None:
    try:
        reached = holds(CONDITION.validate_python(expression), FACTS)
    except (ValidationError, ConditionError):
        reached = False
    assert not reached


def test_the_variable_of_a_macro_is_no_unknown_name() -> None:
    expression = 'contact.roles.exists(r, r in ["admin"])'
    assert CONDITION.validate_python(expression) == expression


@pytest.mark.parametrize(
    ("expression", "unknown"),
    [
        ("account.segmnt == 'smb'", ["account.segmnt"]),
        ("account.attributes.whatever > 3 && contact.nps < 3", []),
        ("account.name == 'account.nonsense'", []),
        ("account.stage == 'trial' || contact.score < 2", ["contact.score"]),
    ],
)
def test_fields_that_do_not_exist_are_found(expression: str, unknown: list[str]) -> None:
    assert unknown_fields(expression) == unknown


def full_account() -> Account:
    values: dict[str, Any] = {
        "domain": "acme.example",
        "segment": Segment.SMB,
        "touch": Touch.HIGH,
        "stage": Stage.TRIAL,
        "maturity": 2,
        "journey": "standard",
        "entry_reason": EntryReason.NEW,
        "industry": "retail",
        "country": "DE",
        "outcome": "grow",
        "arr": 1,
        "currency": "EUR",
        "sentiment": Sentiment.RED,
    }
    values |= dict.fromkeys(("contract_start", "trial_end", "go_live_date", "renewal_date"), date(2026, 5, 1))
    return Account(key="acme", name="Acme", created_at=NOW, updated_at=NOW, **values)


def test_the_fields_of_an_account_are_those_a_condition_may_ask_about() -> None:
    assert account_facts(full_account(), NOW.date()).keys() == ACCOUNT_FIELDS


def test_the_fields_of_a_contact_are_those_a_condition_may_ask_about() -> None:
    jane = Contact(account_id=1, name="Jane", email="j@a.example", title="CFO", roles=["admin"], nps=9, created_at=NOW)
    assert contact_facts(jane, NOW.date()).keys() == CONTACT_FIELDS


@pytest.mark.parametrize(
    ("asked_at", "advocate", "expected"),
    [
        (None, None, True),
        (datetime(2025, 11, 2, 10, tzinfo=UTC), AdvocateStatus.ADVOCATE, True),
        (datetime(2026, 2, 2, 10, tzinfo=UTC), AdvocateStatus.ADVOCATE, False),
        (None, AdvocateStatus.DECLINED, False),
    ],
)
def test_a_condition_can_leave_out_whoever_was_asked_a_favour_lately(  # row 1.37
    asked_at: datetime | None, advocate: AdvocateStatus | None, expected: bool
) -> None:
    jane = Contact(account_id=1, name="Jane", email="j@a.example", advocate=advocate, asked_at=asked_at, created_at=NOW)
    facts = {"contact": contact_facts(jane, NOW.date())}
    assert holds('contact.advocate != "declined" && contact.days_since_ask > 90', facts) is expected
