"""What the shipped life-cycle playbooks promise, from the trial to the renewal."""

from collections import defaultdict
from datetime import date, timedelta

import pytest

from bot.engine.planning import plan_due_dates
from bot.library.loading import Catalog
from bot.library.schema import AnchorTrigger, Playbook
from bot.models import Stage, StepKind, Touch
from tests.support.shipped import TODAY, applying, keys, may_start, milestones, saved, shipped

KEYS = keys("lifecycle")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return shipped().catalog


# --- trial and hand-over ----------------------------------------------------------------------------------------------


def test_the_trial_play_begins_ten_days_before_the_trial_ends(catalog: Catalog) -> None:
    """Row 1.7."""
    playbook = catalog.playbooks["trial-convert"]
    (trigger,) = playbook.triggers
    assert isinstance(trigger, AnchorTrigger)
    assert (trigger.anchor, str(trigger.offset)) == ("trial_end", "-10d")
    assert may_start(trigger, stage=Stage.TRIAL)
    assert not may_start(trigger, stage=Stage.ADOPTION)
    close = playbook.step("close-trial")
    assert [outcome.stage for outcome in close.outcomes] == [Stage.ONBOARDING, Stage.CHURNED]
    assert milestones(close) == {"contract-signed"}


def test_the_hand_over_is_a_form_of_the_ae_that_the_csm_accepts_or_sends_back(catalog: Catalog) -> None:
    """Row 4.33."""
    playbook = catalog.playbooks["sales-handover"]
    form, accept = playbook.step("handover-form"), playbook.step("accept-handover")
    assert form.role == "ae"
    assert {question.key for question in form.questions if question.required} >= {"outcome", "people", "promises"}
    assert accept.role == "csm"
    assert [outcome.key for outcome in accept.outcomes] == ["accepted", "sent-back"]
    assert accept.outcomes[1].reopen == ["handover-form"]
    assert accept.needs == ["handover-talk"]


@pytest.mark.parametrize(("complete", "asked"), [(None, True), (False, True), (True, False), ("yes", False)])
def test_onboarding_does_not_ask_for_a_hand_over_that_was_accepted(
    catalog: Catalog, complete: object, asked: bool
) -> None:
    """Rows 2.7 and 4.33: what was asked before the signature is not asked again after it."""
    attributes = {} if complete is None else {"handover_complete": complete}
    assert "attributes.handover_complete" in saved(catalog.playbooks["sales-handover"].step("accept-handover"))
    assert ("sales-handoff" in applying(catalog.playbooks["basic-onboarding"], attributes=attributes)) is asked


# --- onboarding -------------------------------------------------------------------------------------------------------


def test_the_onboarding_week_has_a_check_in_on_each_of_five_working_days(catalog: Catalog) -> None:
    """Row 4.13."""
    playbook = catalog.playbooks["onboarding-week"]
    days = [step for step in playbook.steps if step.key.startswith("day-") and step.kind is not StepKind.EMAIL]
    assert [str(step.due) for step in days] == ["1bd", "2bd", "3bd", "4bd", "5bd"]
    assert {step.key for step in days} <= applying(playbook, touch=Touch.HIGH)
    assert {step.key for step in days} & applying(playbook, touch=Touch.LOW) == set()


def test_the_onboarding_week_follows_the_kick_off(catalog: Catalog) -> None:
    """Row 4.13."""
    (trigger,) = catalog.playbooks["onboarding-week"].triggers
    assert trigger.on == "milestone"
    assert trigger.milestone in milestones(catalog.playbooks["basic-onboarding"].step("kickoff"))


def test_onboarding_is_reviewed_after_30_60_and_90_days(catalog: Catalog) -> None:
    """Row 4.14."""
    playbook = catalog.playbooks["onboarding-90"]
    reviews = [playbook.step(f"review-{days}") for days in (30, 60, 90)]
    assert [str(step.due) for step in reviews] == ["30d", "60d", "90d"]
    assert "executive_sponsor" in reviews[-1].attendees


def test_onboarding_configures_integrates_and_validates_before_it_is_signed_off(catalog: Catalog) -> None:
    """Row 4.32."""
    playbook = catalog.playbooks["onboarding-90"]
    assert playbook.step("validate-workflow").needs == ["configure", "integrate-data"]
    assert "validate-workflow" in playbook.step("review-90").needs
    assert playbook.step("sign-off").needs == ["review-90"]
    assert milestones(playbook.step("validate-workflow")) == {"first-value"}


def test_the_specialist_trains_those_whom_the_review_found_behind(catalog: Catalog) -> None:
    """Row 4.22."""
    training = catalog.playbooks["onboarding-90"].step("targeted-training")
    assert (training.role, training.needs) == ("specialist", ["review-30"])
    assert "answers.review_30.behind" in training.guidance


def test_the_readiness_checklist_of_onboarding_has_its_five_lines(catalog: Catalog) -> None:
    """Row 4.54: value milestone, data plan, first-value confirmation, sign-off, CSM assigned."""
    playbook = catalog.playbooks["onboarding-90"]
    asked = {question.key for question in playbook.step("readiness").questions if question.required}
    assert asked == {"value_milestone", "data_plan", "confirms_value", "signs_off", "csm_assigned"}
    done = {question.key for question in playbook.step("sign-off").questions if question.required}
    assert done == {"milestone_reached", "data_done", "value_confirmed", "csm_known"}


def test_going_live_is_celebrated_with_the_champion_and_the_sponsor(catalog: Catalog) -> None:
    """Row 1.14."""
    playbook = catalog.playbooks["go-live-celebration"]
    assert [trigger.milestone for trigger in playbook.triggers if trigger.on == "milestone"] == ["go-live"]
    assert playbook.step("tell-sponsor").role == "leader"


# --- in use -----------------------------------------------------------------------------------------------------------


def test_the_success_plan_is_written_with_the_customer_and_agreed_by_the_sponsor(catalog: Catalog) -> None:
    """Row 1.15."""
    playbook = catalog.playbooks["success-plan"]
    assert "/account plan" in playbook.step("enter-plan").guidance
    assert {"decision_maker", "champion"} <= set(playbook.step("workshop").attendees)
    assert milestones(playbook.step("sponsor-agrees")) == {"success-plan-agreed"}


def test_the_success_plan_starts_in_the_first_weeks_of_a_contract_year_and_only_then(catalog: Catalog) -> None:
    """Row 1.15: the first year by its start, every other by its round, never by both."""
    first, later = catalog.playbooks["success-plan"].triggers
    new = {"contract_start": TODAY - timedelta(days=21), "renewal_date": TODAY + timedelta(days=344)}
    renewed = {"contract_start": TODAY - timedelta(days=386), "renewal_date": TODAY + timedelta(days=344)}
    late = {"contract_start": TODAY - timedelta(days=600), "renewal_date": TODAY + timedelta(days=130)}
    assert [may_start(first, **new), may_start(later, **new)] == [True, False]
    assert may_start(later, **renewed)
    assert not may_start(later, **late)


def test_the_health_check_is_one_form_a_month_and_ends_there_when_all_is_well(catalog: Catalog) -> None:
    """Rows 1.16 and 4.16."""
    playbook = catalog.playbooks["health-check"]
    (trigger,) = playbook.triggers
    assert trigger.on == "recurring"
    assert (trigger.every, str(trigger.day)) == ("month", "3bd")
    form = playbook.step("checklist")
    assert len(form.questions) >= 8
    assert form.outcomes[0].then == "complete_run"
    assert not may_start(trigger, touch=Touch.LOW)
    assert not may_start(trigger, stage=Stage.ONBOARDING)


@pytest.mark.parametrize(("day", "starts"), [("2026-10-12", True), ("2026-11-11", True), ("2026-12-10", False)])
def test_the_monthly_check_in_leaves_the_month_of_the_business_review_alone(
    catalog: Catalog, day: str, starts: bool
) -> None:
    """Row 1.19."""
    playbook = catalog.playbooks["monthly-check-in"]
    (trigger,) = playbook.triggers
    assert may_start(trigger, date.fromisoformat(day)) is starts
    skipped = next(outcome for outcome in playbook.step("prepare").outcomes if outcome.key == "not-this-month")
    assert skipped.needs_reason


def test_a_visit_is_prepared_held_and_written_up(catalog: Catalog) -> None:
    """Row 1.17."""
    playbook = catalog.playbooks["on-site-visit"]
    assert playbook.step("visit").channel == "on_site"
    assert playbook.step("visit").needs == ["read-card"]
    assert playbook.step("recap").needs == ["visit"]


def test_the_quarterly_review_checks_who_comes_and_ends_with_a_recap(catalog: Catalog) -> None:
    """Rows 1.18 and 4.15."""
    playbook = catalog.playbooks["qbr"]
    assert [trigger.on for trigger in playbook.triggers] == ["quarter_end"]
    assert {"users_invited", "deciders_invited"} <= {q.key for q in playbook.step("check-attendees").questions}
    assert playbook.step("recap-email").needs == ["hold-review"]


def test_adoption_is_measured_feature_by_feature(catalog: Catalog) -> None:
    """Row 2.9."""
    playbook = catalog.playbooks["feature-adoption"]
    kept = saved(playbook.step("measure"))
    assert len(kept) == 5
    assert all(name.startswith("attributes.adoption_") for name in kept)
    assert "measure" in {step.key for step in playbook.steps if step.key in applying(playbook, touch=Touch.LOW)}


def test_the_value_workshop_starts_where_no_value_is_on_paper(catalog: Catalog) -> None:
    """Row 4.39."""
    playbook = catalog.playbooks["value-proof-workshop"]
    (trigger,) = playbook.triggers
    renewal = TODAY + timedelta(days=240)
    assert may_start(trigger, renewal_date=renewal)
    assert not may_start(trigger, renewal_date=renewal, attributes={"value_to_date": "4 days instead of 9"})
    assert "attributes.value_to_date" in saved(playbook.step("hold-workshop"))


def test_a_session_with_a_specialist_is_asked_for_and_taken_or_sent_back(catalog: Catalog) -> None:
    """Row 4.37."""
    playbook = catalog.playbooks["product-specialist-session"]
    accept = playbook.step("accept")
    assert accept.role == "specialist"
    assert {outcome.key: outcome.reopen for outcome in accept.outcomes}["sent-back"] == ["request"]
    assert playbook.step("session").role == "specialist"


def test_the_360_card_comes_before_the_customer_is_written_to(catalog: Catalog) -> None:
    """Row 1.38."""
    for key in ("basic-onboarding", "on-site-visit", "renewal-120", "qbr"):
        assert "/account show" in catalog.playbooks[key].step("read-card").guidance


# --- the renewal ------------------------------------------------------------------------------------------------------


LOOKS = ("renewal-270", "renewal-180", "renewal-120", "renewal-90-health")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (270, {"renewal-270"}),
        (180, {"renewal-180"}),
        (120, {"renewal-120"}),
        (90, {"renewal-120", "renewal-90-health"}),
        (30, {"renewal-120"}),
    ],
)
def test_an_account_that_joins_late_gets_the_look_of_its_day_and_not_all_of_them(
    catalog: Catalog, days: int, expected: set[str]
) -> None:
    """Rows 1.20 and 4.38: a date is near from its offset on until it has passed, so conditions keep the looks apart."""
    found = set()
    for key in LOOKS:
        (trigger,) = catalog.playbooks[key].triggers
        assert isinstance(trigger, AnchorTrigger)
        is_near = days <= -trigger.offset.amount
        if is_near and may_start(trigger, renewal_date=TODAY + timedelta(days=days)):
            found.add(key)
    assert found == expected


@pytest.mark.parametrize("key", ["renewal-270", "renewal-180"])
def test_the_early_looks_ask_how_likely_the_renewal_is_and_keep_it(catalog: Catalog, key: str) -> None:
    """Row 1.20: spotted two and three quarters ahead."""
    playbook = catalog.playbooks[key]
    (trigger,) = playbook.triggers
    assert isinstance(trigger, AnchorTrigger)
    assert str(trigger.offset) == f"-{key.removeprefix('renewal-')}d"
    assert "attributes.renewal_outlook" in saved(playbook.steps[0])


def test_the_check_of_the_renewal_is_its_owners(catalog: Catalog) -> None:
    """Rows 2.25 and 4.38."""
    playbook = catalog.playbooks["renewal-90-health"]
    assert playbook.step("checklist").role == "renewal_owner"
    assert playbook.owners.outcome == "renewal_owner"


def test_the_readiness_checklist_of_the_renewal_has_its_lines(catalog: Catalog) -> None:
    """Row 4.55: health trend, core use stable, value documented, expansion found, owner and risk plan."""
    questions = {question.key for question in catalog.playbooks["renewal-90-health"].step("checklist").questions}
    assert {
        "health_trend",
        "core_use_stable",
        "value_documented",
        "expansion_found",
        "owner",
        "risk_plan",
    } <= questions


def test_the_scope_of_the_contract_branches_into_less_and_more(catalog: Catalog) -> None:
    """Row 4.40."""
    playbook = catalog.playbooks["renewal-90-health"]
    branches = {"scope-risk-talk", "expansion-case", "offer-expansion"}
    left = {outcome.key: branches - set(outcome.not_applicable) for outcome in playbook.step("scope").outcomes}
    assert left == {
        "fits": set(),
        "smaller": {"scope-risk-talk"},
        "larger": {"expansion-case", "offer-expansion"},
    }


def test_a_merger_takes_the_renewal_to_its_new_deciders_and_to_the_leader(catalog: Catalog) -> None:
    """Row 4.44."""
    playbook = catalog.playbooks["renewal-90-health"]
    none, affected = playbook.step("merger").outcomes
    assert set(none.not_applicable) == {"merger-map", "merger-leader"}
    assert affected.not_applicable == []
    assert playbook.step("merger-leader").kind is StepKind.ESCALATION
    assert "attributes.merger" in saved(playbook.step("checklist"))
    assert "attributes.merger" in saved(catalog.playbooks["health-check"].step("checklist"))


def test_the_renewal_checks_success_terms_and_deciders_before_its_review(catalog: Catalog) -> None:
    """Rows 2.21 to 2.24."""
    playbook = catalog.playbooks["renewal-120"]
    assert "attributes.value_to_date" in saved(playbook.step("check-success"))
    assert {"contract-terms", "ebr-invite"} <= set(playbook.step("hold-ebr").needs)
    assert str(playbook.step("hold-ebr").due) == "renewal_date - 90d"
    assert [outcome.stage for outcome in playbook.step("sign-renewal").outcomes] == [Stage.ADOPTION, Stage.CHURNED]


DAYS = {"deal-agreed": -7, "contract-signed": 0, "kick-off-held": 7, "go-live": 60}  # of a contract of a year
ANCHORS = {
    "contract_start": TODAY,
    "go_live_date": TODAY + timedelta(days=60),
    "renewal_date": TODAY + timedelta(days=365),
}


def start_of(playbook: Playbook) -> date | None:
    """The day in the first year on which it starts by itself; None for what people start, or what comes back."""
    for trigger in playbook.triggers:
        if trigger.on == "milestone" and trigger.milestone in DAYS:
            return TODAY + timedelta(days=DAYS[trigger.milestone])
        if isinstance(trigger, AnchorTrigger) and trigger.anchor in ANCHORS:
            return ANCHORS[trigger.anchor] + timedelta(days=trigger.offset.amount)
    return None


@pytest.mark.parametrize("with_opt_in", [False, True], ids=["starter pack", "all"])
def test_the_first_half_of_the_first_year_is_the_denser_one(catalog: Catalog, with_opt_in: bool) -> None:
    """Row 0.11: of what the year brings besides that which comes back every month or quarter."""
    in_first_half: list[bool] = []
    for key in KEYS:
        playbook = catalog.playbooks[key]
        start = start_of(playbook)
        if start and (with_opt_in or not playbook.opt_in):
            everywhere: dict[str, str] = defaultdict(lambda: "GB")
            due = plan_due_dates(playbook, started_on=start, anchors=ANCHORS, settled_on={}, countries=everywhere)
            days = [due[key] for key in applying(playbook)]
            in_first_half += [day < TODAY + timedelta(days=182) for day in days if day]
    assert in_first_half.count(True) > in_first_half.count(False) > 0


# --- what the template playbooks of a vendor have, and ours therefore too ---------------------------------------------


def test_basic_onboarding_welcomes_trains_bills_and_takes_over_from_sales(catalog: Catalog) -> None:
    """Rows 2.4, 2.5, 2.6 and 2.7."""
    playbook = catalog.playbooks["basic-onboarding"]
    assert playbook.step("welcome-email").email
    training = playbook.step("training")
    assert training.kind is StepKind.MEETING
    assert training.attendees
    assert playbook.step("billing").role == "finance"
    handoff = playbook.step("sales-handoff")
    assert handoff.role == "ae"
    assert all(question.required for question in handoff.questions if question.key in {"outcome", "go_live_date"})


def test_emails_have_a_wording_for_a_segment() -> None:
    """Row 2.8."""
    emails = shipped().emails
    own, plain = emails.find("onboarding/welcome", "enterprise"), emails.find("onboarding/welcome", "mid-market")
    assert own.body != plain.body


def test_the_business_review_starts_each_quarter_writes_to_the_key_contact_and_counts_tickets(catalog: Catalog) -> None:
    """Rows 2.10, 2.11 and 2.12."""
    playbook = catalog.playbooks["qbr"]
    assert [trigger.on for trigger in playbook.triggers] == ["quarter_end"]
    assert playbook.step("email-key-contact").email
    tickets = playbook.step("check-tickets")
    assert tickets.kind is StepKind.CHECK
    assert next(question.prefill for question in tickets.questions) == "account.attributes.open_tickets"


def test_the_renewal_starts_120_days_ahead(catalog: Catalog) -> None:
    """Row 2.20."""
    (trigger,) = catalog.playbooks["renewal-120"].triggers
    assert isinstance(trigger, AnchorTrigger)
    assert (trigger.anchor, str(trigger.offset)) == ("renewal_date", "-120d")


@pytest.mark.parametrize("key", KEYS)
def test_life_cycle_playbooks_start_by_time_or_milestone(catalog: Catalog, key: str) -> None:
    """Row 1.3: what starts by itself does so by a date, a round, a milestone or a new person, never by a bad sign."""
    kinds = {trigger.on for trigger in catalog.playbooks[key].triggers}
    assert kinds <= {"anchor", "recurring", "quarter_end", "milestone", "contact_role"}
