"""What the shipped reviews of the team itself promise."""

from datetime import date

import pytest

from bot.library.loading import Catalog
from bot.library.schema import RecurringTrigger
from tests.support.shipped import may_start, shipped

TEAM = "our-team"  # the account that stands for the team


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return shipped().catalog


@pytest.mark.parametrize(
    "key", ["data-quality-weekly", "tuning-monthly", "outcome-review-quarterly", "annual-reset", "new-team-setup"]
)
def test_a_review_starts_on_the_account_of_the_team_and_on_no_customer(catalog: Catalog, key: str) -> None:
    """Rows 4.48 to 4.51."""
    playbook = catalog.playbooks[key]
    assert playbook.opt_in is bool(playbook.triggers)
    for trigger in playbook.triggers:
        assert [may_start(trigger, key=account) for account in (TEAM, "acme")] == [True, False]
    assert not [step.key for step in playbook.steps if step.email]
    assert not [outcome for step in playbook.steps for outcome in step.outcomes if outcome.milestone]


@pytest.mark.parametrize(
    ("key", "every"), [("data-quality-weekly", "month"), ("tuning-monthly", "month"), ("annual-reset", "year")]
)
def test_a_review_comes_back_by_itself(catalog: Catalog, key: str, every: str) -> None:
    """Rows 4.49 to 4.51."""
    (trigger,) = catalog.playbooks[key].triggers
    assert isinstance(trigger, RecurringTrigger)
    assert (trigger.every, trigger.of) == (every, "calendar")


def test_the_data_are_looked_at_every_week_by_their_owner(catalog: Catalog) -> None:
    """Row 4.49."""
    playbook = catalog.playbooks["data-quality-weekly"]
    looks = [step for step in playbook.steps if step.key.startswith("week-")]
    assert [str(step.due) for step in looks] == ["0d", "7d", "14d", "21d"]
    assert {step.role for step in looks} == {playbook.owners.data}
    assert all("/playbook gaps" in step.guidance for step in looks)


def test_tuning_begins_with_what_people_suggested_and_ends_with_telling_them(catalog: Catalog) -> None:
    """Row 4.50."""
    playbook = catalog.playbooks["tuning-monthly"]
    assert "/playbook suggestions" in playbook.step("read-suggestions").guidance
    assert {"read-suggestions", "look-at-trouble"} <= set(playbook.step("change").needs)
    assert playbook.step("tell-team").needs == ["change"]


def test_the_quarterly_review_brings_the_teams_together_over_a_generated_pack(catalog: Catalog) -> None:
    """Rows 4.29 and 4.48."""
    playbook = catalog.playbooks["outcome-review-quarterly"]
    (trigger,) = playbook.triggers
    assert (trigger.on, may_start(trigger, date(2026, 12, 21), key=TEAM)) == ("quarter_end", True)
    assert "/playbook review" in playbook.step("make-pack").guidance
    review = playbook.step("hold-review")
    assert {"csm", "ae", "product", "support", "marketing"} <= set(review.consulted)
    assert "decisions" in {question.key for question in review.questions}


def test_the_annual_reset_questions_segments_playbooks_and_targets(catalog: Catalog) -> None:
    """Row 4.51."""
    playbook = catalog.playbooks["annual-reset"]
    assert {"segments", "read-playbooks", "drop", "targets"} <= {step.key for step in playbook.steps}
    targets = {question.key for question in playbook.step("targets").questions}
    assert targets == {"adoption", "retention", "growth"}


def test_a_new_team_is_set_up_small_rehearsed_and_looked_at_after_a_month(catalog: Catalog) -> None:
    """Rows 3.9 and 4.60."""
    playbook = catalog.playbooks["new-team-setup"]
    order = [step.key for step in playbook.steps]
    assert order == [
        "why",
        "people",
        "import-book",
        "choose-playbooks",
        "rehearse",
        "day-one",
        "first-week",
        "all-accounts",
        "first-month",
        "next-layer",
    ]
    assert {"import-book", "choose-playbooks"} == set(playbook.step("rehearse").needs)
    named = playbook.step("choose-playbooks").guidance + playbook.step("next-layer").guidance
    assert {key for key in catalog.playbooks if f"`{key}`" in named} == {
        "basic-onboarding",
        "data-quality-weekly",
        "health-check",
        "onboarding-escalation",
        "qbr",
        "renewal-120",
        "tuning-monthly",
        "usage-drop",
    }
