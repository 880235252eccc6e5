"""What the shipped playbooks for accounts at risk promise."""

from datetime import timedelta

import pytest

from bot.library.lint_rules import steps_before
from bot.library.loading import Catalog
from bot.library.schema import Playbook
from bot.models import MemberRole, Severity, Stage, StepKind
from tests.support.shipped import TODAY, applying, keys, may_start, saved, shipped

KEYS = keys("at-risk")
DAYS = [f"day-{day}" for day in range(1, 6)]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return shipped().catalog


def left_after(playbook: Playbook, step: str, outcome: str) -> set[str]:
    """The steps an outcome leaves in place, of those that wait for its step."""
    spared = next(each for each in playbook.step(step).outcomes if each.key == outcome).not_applicable
    before = steps_before(playbook)
    return {each.key for each in playbook.steps if step in before[each.key]} - set(spared)


def test_a_play_for_every_kind_of_trouble_is_in_the_box(catalog: Catalog) -> None:
    """Rows 1.4 and 4.6."""
    assert set(KEYS) == {
        "code-red",
        "core-workflow",
        "health-drop",
        "low-nps",
        "onboarding-escalation",
        "root-cause",
        "sponsor-change",
        "usage-drop",
    }
    assert all("risk" in catalog.playbooks[key].tags for key in KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_play_at_risk_is_looked_at_again_when_it_is_over(catalog: Catalog, key: str) -> None:
    """Rows 2.16 and 3.11: its last step asks how things are, or agrees what happens, and it can end badly."""
    last = catalog.playbooks[key].steps[-1]
    assert any(outcome.needs_reason for outcome in last.outcomes)


def test_cross_functional_work_goes_to_those_who_can_do_it(catalog: Catalog) -> None:
    """Row 1.21."""
    roles = {key: {step.role for step in catalog.playbooks[key].steps} for key in KEYS}
    assert {MemberRole.SUPPORT, MemberRole.PRODUCT, MemberRole.SPECIALIST, MemberRole.CSM} <= roles["root-cause"]
    assert {MemberRole.SPECIALIST, MemberRole.SUPPORT} <= roles["core-workflow"]
    assert {MemberRole.AE, MemberRole.LEADER} <= roles["onboarding-escalation"]
    assert MemberRole.LEADER in roles["code-red"]


# --- low scores -------------------------------------------------------------------------------------------------------


def test_a_low_score_of_the_company_and_of_one_person_both_start_it(catalog: Catalog) -> None:
    """Rows 1.31 and 2.14."""
    triggers = [trigger for trigger in catalog.playbooks["low-nps"].triggers if trigger.on == "nps"]
    assert [(trigger.of, trigger.at_most) for trigger in triggers] == [("company", 6), ("contact", 6)]
    surveys = next(q for q in catalog.playbooks["low-nps"].step("read-scores").questions if q.key == "survey")
    assert "After a ticket" in surveys.options


def test_everybody_who_scored_low_is_written_to(catalog: Catalog) -> None:
    """Row 2.15."""
    email = catalog.playbooks["low-nps"].step("email-low-scorers").email
    assert email
    assert (email.everyone, email.where) == (True, "contact.nps <= 6")


@pytest.mark.parametrize("key", ["low-nps", "health-drop", "root-cause"])
def test_the_action_plan_has_dates_stands_on_the_account_and_is_followed_up(catalog: Catalog, key: str) -> None:
    """Row 2.16."""
    playbook = catalog.playbooks[key]
    assert {"attributes.action_plan", "attributes.action_plan_review"} <= saved(playbook.step("action-plan"))
    assert playbook.step("share-plan").needs == ["action-plan"]
    assert str(playbook.step("check-plan").due) == "action-plan + 14d"


# --- health, usage, adoption ------------------------------------------------------------------------------------------


def test_a_drop_in_health_ends_where_only_the_score_was_wrong(catalog: Catalog) -> None:
    """Rows 1.4 and 4.45."""
    outcomes = catalog.playbooks["health-drop"].step("explain-drop").outcomes
    assert {outcome.key: outcome.then for outcome in outcomes} == {
        "real": "continue",
        "our-homework": "complete_run",
        "data": "complete_run",
    }
    assert left_after(catalog.playbooks["health-drop"], "decide", "settled") == {"look-again"}


@pytest.mark.parametrize(("days", "called"), [(90, True), (200, False)])
def test_a_drop_in_health_calls_the_leader_when_the_renewal_is_near(catalog: Catalog, days: int, called: bool) -> None:
    renewal = TODAY + timedelta(days=days)
    assert ("tell-leader" in applying(catalog.playbooks["health-drop"], renewal_date=renewal)) is called


def test_the_usage_ladder_has_its_days_and_ends_when_usage_is_back(catalog: Catalog) -> None:
    """Rows 2.17 and 2.18."""
    playbook = catalog.playbooks["usage-drop"]
    rungs = [playbook.step(key) for key in ("day-1-email", "day-4-call", "day-9-email")]
    assert [str(step.due) for step in rungs] == ["1d", "4d", "9d"]
    for key in ("day-4-check", "day-9-check"):
        recovered = next(outcome for outcome in playbook.step(key).outcomes if outcome.key == "recovered")
        assert (recovered.then, recovered.milestone) == ("complete_run", "usage-recovered")
    (measured,) = [criterion.when for criterion in playbook.exit_criteria if criterion.when]
    assert "active_users_before" in measured


def test_a_core_workflow_hardly_used_is_watched_and_trained_by_the_specialist(catalog: Catalog) -> None:
    """Rows 2.9, 4.21 and 4.22."""
    playbook = catalog.playbooks["core-workflow"]
    assert "attributes.adoption_core_workflow" in saved(playbook.step("measure"))
    assert (playbook.step("watch").role, playbook.step("session").role) == ("specialist", "specialist")
    assert "answers.name_them.who" in playbook.step("watch").guidance
    assert "session" in left_after(playbook, "watch", "skill")
    assert "session" not in left_after(playbook, "watch", "no-use")
    assert "two weeks running" in playbook.step("look-again").title


def test_the_root_cause_is_looked_for_by_four_roles_in_one_thread(catalog: Catalog) -> None:
    """Row 4.23."""
    playbook = catalog.playbooks["root-cause"]
    assert playbook.step("open-thread").kind is StepKind.ESCALATION
    parallel = {step.role for step in playbook.steps if not step.needs and step.kind is not StepKind.ESCALATION}
    assert parallel == {"csm", "support", "product", "specialist"}
    together = playbook.step("find-cause")
    assert {"figures", "sort-tickets", "check-product", "watch-them"} <= set(together.needs)
    assert "put-right" in left_after(playbook, "find-cause", "product")
    assert "train" in left_after(playbook, "find-cause", "knowledge")


# --- people and crises ------------------------------------------------------------------------------------------------


def test_a_new_sponsor_starts_it_once_the_customer_is_live_and_is_confirmed_first(catalog: Catalog) -> None:
    """Row 1.32."""
    playbook = catalog.playbooks["sponsor-change"]
    (trigger,) = playbook.triggers
    assert trigger.on == "contact_role"
    assert trigger.role == "executive_sponsor"
    assert [may_start(trigger, stage=stage) for stage in (Stage.ONBOARDING, Stage.ADOPTION)] == [False, True]
    confirm = playbook.step("confirm-change")
    assert {outcome.key: outcome.then for outcome in confirm.outcomes}["no-change"] == "complete_run"
    assert "find-sponsor" in left_after(playbook, "confirm-change", "gone")
    assert "find-sponsor" not in left_after(playbook, "confirm-change", "successor")


def test_an_onboarding_that_is_red_starts_it_only_in_onboarding(catalog: Catalog) -> None:
    """Rows 2.34 and 2.35."""
    (trigger,) = catalog.playbooks["onboarding-escalation"].triggers
    assert trigger.on == "sentiment"
    assert trigger.sentiment == "red"
    assert [may_start(trigger, stage=stage) for stage in (Stage.ONBOARDING, Stage.ADOPTION)] == [True, False]


def test_csm_ae_and_leader_work_at_once_and_the_notes_of_the_call_are_kept(catalog: Catalog) -> None:
    """Rows 2.36 and 2.37."""
    playbook = catalog.playbooks["onboarding-escalation"]
    assert {step.role for step in playbook.steps if not step.needs} == {"csm", "ae", "leader"}
    assert playbook.step("set-up-call").kind is StepKind.EMAIL
    call = playbook.step("recovery-call")
    assert {"set-up-call", "ae-call", "leader-call"} <= set(call.needs)
    assert "Reply to this message with your notes" in call.guidance


def test_the_new_admin_is_tagged_and_written_to_on_day_0_3_and_5(catalog: Catalog) -> None:
    """Rows 2.32 and 2.33."""
    playbook = catalog.playbooks["new-admin"]
    (trigger,) = playbook.triggers
    assert trigger.on == "contact_role"
    assert (trigger.role, playbook.subject) == ("admin", "contact")
    assert [str(step.due) for step in playbook.steps if step.email] == ["0d", "3d", "5d"]


def test_code_red_calls_the_leader_at_once_and_the_customer_within_a_day(catalog: Catalog) -> None:
    """Row 1.33."""
    playbook = catalog.playbooks["code-red"]
    call = playbook.step("raise").escalation
    assert call
    assert (call.to, call.severity) == (MemberRole.LEADER, Severity.CRITICAL)
    at_once = {step.key for step in playbook.steps if not step.needs and str(step.due) == "0d"}
    assert {"raise", "facts", "war-room", "sponsor-call"} <= at_once
    assert playbook.step("war-room").artefact
    assert str(playbook.step("recovery-call").due) == "1bd"


def test_code_red_updates_the_customer_every_day_until_it_is_over(catalog: Catalog) -> None:
    """Row 1.33: the cadence, and that it ends on the day on which the customer says so."""
    playbook = catalog.playbooks["code-red"]
    updates = [playbook.step(f"{day}-update") for day in DAYS]
    assert [str(playbook.step(f"{day}-stand-up").due) for day in DAYS] == ["1bd", "2bd", "3bd", "4bd", "5bd"]
    assert all(step.email and step.email.template == "escalation/daily-update" for step in updates)
    assert not [step for step in updates if step.key in steps_before(playbook)["stand-down"]]
    for outcome in playbook.step("stand-down").outcomes:
        assert {step.key for step in updates} <= set(outcome.not_applicable)


def test_code_red_closes_with_a_retrospective_and_a_word_to_the_customer(catalog: Catalog) -> None:
    """Row 4.30."""
    playbook = catalog.playbooks["code-red"]
    assert playbook.step("retrospective").needs == ["stand-down"]
    assert {"first_sign", "cost_time", "change"} <= {q.key for q in playbook.step("retrospective").questions}
    assert "retrospective" in playbook.step("share-lesson").needs
