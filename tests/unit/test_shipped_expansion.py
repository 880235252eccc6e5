"""What the shipped expansion playbooks promise."""

import pytest

from bot.library.loading import Catalog
from bot.models import AskKind, AskStatus, MemberRole, Stage
from tests.support.shipped import keys, milestones, saved, shipped

KEYS = keys("expansion")
ABOUT_PEOPLE = ["advisory-board", "case-study", "power-user", "promoter", "reference", "referral"]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return shipped().catalog


def test_a_play_for_every_way_to_grow_is_in_the_box(catalog: Catalog) -> None:
    """Rows 1.5 and 1.34 to 1.37."""
    assert set(KEYS) == {*ABOUT_PEOPLE, "expansion-opportunity", "utilisation"}
    assert all("growth" in catalog.playbooks[key].tags for key in KEYS)
    assert not [key for key in KEYS if Stage.ONBOARDING in catalog.playbooks[key].stages]


@pytest.mark.parametrize("key", ABOUT_PEOPLE)
def test_a_favour_is_asked_of_one_person_after_a_look_at_them(catalog: Catalog, key: str) -> None:
    """Rows 1.11, 1.34, 1.35 and 1.37."""
    playbook = catalog.playbooks[key]
    assert playbook.subject == "contact"
    asking = next(step for step in playbook.steps if step.key.startswith("ask-"))
    assert asking.needs
    assert asking.value


def test_every_kind_of_favour_has_a_play_that_logs_what_came_of_it(catalog: Catalog) -> None:
    """Rows 1.11 and 1.37: yes, no and done are logged, so that the fatigue limit knows of them."""
    asked: dict[AskKind, set[AskStatus]] = {}
    for key in KEYS:
        for step in catalog.playbooks[key].steps:
            if step.ask:
                asked.setdefault(step.ask.kind, set()).update(each.ask for each in step.outcomes if each.ask)
    assert asked.keys() == set(AskKind)
    assert all({AskStatus.ACCEPTED, AskStatus.DECLINED, AskStatus.DELIVERED} <= logged for logged in asked.values())


@pytest.mark.parametrize("key", ABOUT_PEOPLE)
def test_whoever_did_not_ask_can_say_so(catalog: Catalog, key: str) -> None:
    """Row 1.37: what was not asked does not count against the limit."""
    first = next(step for step in catalog.playbooks[key].steps if step.ask)
    assert [outcome.key for outcome in first.outcomes if not outcome.ask] == ["not-asked"]


def test_a_promoter_is_thanked_before_they_are_asked_for_one_thing(catalog: Catalog) -> None:
    """Rows 1.34 and 1.37."""
    playbook = catalog.playbooks["promoter"]
    assert playbook.step("choose").needs == ["thank"]
    favours = {"ask-review", "ask-social", "ask-media"}
    left = {outcome.key: favours - set(outcome.not_applicable) for outcome in playbook.step("choose").outcomes}
    assert left == {
        "review": {"ask-review"},
        "social": {"ask-social"},
        "media": {"ask-media"},
        "larger": set(),
        "nothing": set(),
    }


def test_a_power_user_is_given_something_before_they_are_asked(catalog: Catalog) -> None:
    """Row 1.35."""
    playbook = catalog.playbooks["power-user"]
    assert "give" in playbook.step("ask-community").needs
    assert playbook.step("give").role is MemberRole.PRODUCT


def test_seats_that_run_out_are_tidied_up_before_more_are_offered(catalog: Catalog) -> None:
    """Row 1.36."""
    playbook = catalog.playbooks["utilisation"]
    assert {"attributes.seats", "attributes.active_users"} <= saved(playbook.step("check-seats"))
    assert playbook.step("ask-growth").needs == ["tell-admin"]
    clutter = next(outcome for outcome in playbook.step("check-seats").outcomes if outcome.key == "clutter")
    assert clutter.not_applicable == ["ask-growth", "ae-decision"]
    assert playbook.step("ae-decision").role is MemberRole.AE


def test_a_referral_ends_with_telling_what_came_of_it(catalog: Catalog) -> None:
    """Row 1.11."""
    playbook = catalog.playbooks["referral"]
    assert [outcome.key for outcome in playbook.step("ask-name").outcomes] == [
        "agreed",
        "thinking",
        "declined",
        "not-asked",
    ]
    assert milestones(playbook.step("introduced")) == {"reference-given"}
    assert playbook.step("tell-outcome").needs == ["introduced"]


def test_the_leader_invites_to_the_advisory_board(catalog: Catalog) -> None:
    """Row 1.37."""
    playbook = catalog.playbooks["advisory-board"]
    assert {playbook.step(key).role for key in ("choose", "ask-seat", "invitation")} == {MemberRole.LEADER}


def test_nothing_of_a_case_study_is_published_without_the_customers_yes(catalog: Catalog) -> None:
    """Row 1.37."""
    playbook = catalog.playbooks["case-study"]
    assert playbook.step("publish").needs == ["draft"]
    artefact = playbook.step("draft").artefact
    assert artefact
    assert "approval in writing" in artefact.label


def test_csm_and_ae_go_to_the_customer_together_and_the_deal_has_an_amount(catalog: Catalog) -> None:
    """Rows 2.26 to 2.30."""
    playbook = catalog.playbooks["expansion-opportunity"]
    assert playbook.step("ae-decision").role is MemberRole.AE
    assert "ae" in playbook.step("customer-meeting").consulted
    assert playbook.step("portal-page").optional
    assert "amount" in {question.key for question in playbook.step("close-deal").questions}
