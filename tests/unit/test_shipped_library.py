"""What is true of every shipped playbook, whatever it is about."""

import pytest

from bot.commands.library_page import library_page
from bot.library.library import Library
from bot.library.lint_rules import Level
from bot.library.linting import lint
from bot.library.schema import Category, Mode
from bot.models import StepKind, Touch
from bot.settings import ROOT
from tests.support.shipped import TODAY, applying, keys, milestones, shipped

KEYS = [key for category in Category for key in keys(category)]
PILLARS = {"value", "adoption", "relationship", "retention", "growth", "risk", "hygiene"}
STARTER_PACK = {
    "basic-onboarding",
    "code-red",  # by hand, and in a crisis nobody should have to turn it on first
    "expansion-opportunity",
    "go-live-celebration",
    "health-check",
    "low-nps",
    "new-admin",
    "new-team-setup",  # by hand, before anything else
    "onboarding-escalation",
    "qbr",
    "renewal-120",
    "sales-handover",
    "success-plan",
    "usage-drop",
}


@pytest.fixture(scope="module")
def library() -> Library:
    return shipped()


def test_lint_has_nothing_to_mend(library: Library) -> None:
    """Row 4.58: what is left is advice."""
    findings = lint(library.catalog, library.overlay_files, library.emails, TODAY, library.stages.titles)
    assert [str(finding) for finding in findings if finding.level is not Level.ADVICE] == []


@pytest.mark.parametrize("key", KEYS)
def test_a_playbook_says_who_owns_it_what_it_is_for_and_when_it_was_read(library: Library, key: str) -> None:
    """Rows 1.2, 3.11, 4.1, 4.7 and 4.8."""
    playbook = library.catalog.playbooks[key]
    assert playbook.objective
    assert playbook.owners.journey == "leader"
    assert playbook.reviewed_on
    assert bool(playbook.stages) is (playbook.category is not Category.REVIEWS)
    assert set(playbook.tags) & PILLARS
    assert set(playbook.tags) <= PILLARS
    assert 1 <= len(playbook.exit_criteria) <= 4


@pytest.mark.parametrize("key", KEYS)
def test_every_step_says_how_long_it_takes_and_what_the_customer_gains(library: Library, key: str) -> None:
    """Rows 1.43 and 4.58: minutes for the capacity forecast, and no touchpoint without a gain for the customer."""
    for step in library.catalog.playbooks[key].steps:
        assert step.minutes, step.key
        with_them = step.email or step.channel or (step.kind is StepKind.MEETING and step.attendees)
        assert bool(step.value) or not with_them, step.key


def test_only_the_starter_pack_starts_by_itself_from_the_first_day(library: Library) -> None:
    """Rows 4.6 and 4.60: a motion each for the start, the use, trouble, growth and the renewal; the rest is opt-in."""
    playbooks = library.catalog.playbooks
    assert {key for key in KEYS if not playbooks[key].opt_in} == STARTER_PACK


def test_nothing_is_sent_by_itself_to_a_customer_with_high_touch(library: Library) -> None:
    """Rows 0.13, 1.39 and 4.56."""
    automatic = [
        (playbook, step)
        for playbook in library.catalog.playbooks.values()
        for step in playbook.steps
        if step.mode is Mode.AUTOMATIC
    ]
    assert {playbook.key for playbook, _ in automatic} == {"trial-convert", "onboarding-week", "feature-adoption"}
    assert not [step.key for playbook, step in automatic if step.key in applying(playbook, touch=Touch.HIGH)]
    assert all(step.key in applying(playbook, touch=Touch.LOW) for playbook, step in automatic)


def test_the_journeys_name_every_playbook_about_customers_in_a_stage_it_is_for(library: Library) -> None:
    """Rows 1.1 and 3.6."""
    playbooks = library.catalog.playbooks
    named = {
        (stage.stage, key)
        for journey in library.journeys.values()
        for stage in journey.stages
        for key in stage.playbooks
    }
    assert [(stage, key) for stage, key in named if stage not in playbooks[key].stages] == []
    about_customers = {key for key in KEYS if playbooks[key].category is not Category.REVIEWS}
    assert {key for _, key in named} == about_customers


def test_what_playbooks_wait_for_and_reach_is_planned_on_the_first_journey(library: Library) -> None:
    """Row 1.8: the milestones that start a shipped playbook stand on the journey that begins with the contract."""
    playbooks = library.catalog.playbooks.values()
    awaited = {
        trigger.milestone for playbook in playbooks for trigger in playbook.triggers if trigger.on == "milestone"
    }
    planned = library.journeys["year-1"].milestones.keys()
    assert awaited <= planned
    reached = {milestone for playbook in playbooks for step in playbook.steps for milestone in milestones(step)}
    assert {
        "deal-agreed",
        "handover-accepted",
        "onboarding-done",
        "reference-given",
        "sponsor-gone",
    } <= reached & planned


def test_what_several_playbooks_do_is_written_once() -> None:
    """Row 4.52."""
    folder = ROOT / "playbooks" / "groups"
    files = [path.read_text("utf-8") for path in (ROOT / "playbooks").glob("*/*.yaml")]
    used = {path.stem: sum(text.count(f"- include: {path.stem}\n") for text in files) for path in folder.glob("*.yaml")}
    assert set(used) == {
        "action-plan",
        "daily-update",
        "measure-features",
        "read-card",
        "talk-and-recap",
        "weekly-data-check",
    }
    assert min(used.values()) >= 2


def test_the_page_about_the_library_is_up_to_date(library: Library) -> None:
    written = (ROOT / "docs" / "library.md").read_text("utf-8")
    assert written == library_page(library.catalog.playbooks.values(), library.rule_book), (
        "run `python -m bot.commands.library_page`"
    )
