"""Rows 0.3, 1.1, 1.6, 1.7, 3.8: stages, segments and journeys are files, checked with file and line."""

from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.library.journey_files import load_journeys
from bot.library.library import Library
from bot.library.segments import load_segments
from bot.library.stages import Stages, load_stages
from bot.models import Stage
from bot.settings import ROOT

SHIPPED = ROOT / "playbooks"
STAGES = "stages:\n- {key: onboarding, title: Start}\n- {key: growth, title: Growth}\n- {key: churned, title: Gone}\n"
JOURNEY = """key: first
title: First
summary: For a test.
next: first
stages:
  - stage: onboarding
    goal: Live.
    gate:
      - {key: live, label: They are live, milestone: go-live}
    milestones:
      - {key: go-live, title: Go-live, target: 30d, success: Work runs.}
    playbooks: [basic-onboarding]
"""
PLAYBOOK = """key: grow
title: Grow
category: expansion
summary: For a test.
success: It ran.
stages: [adoption]
steps:
  - key: one
    title: One
    due: 0d
    outcomes:
      - {key: yes, label: 'Yes', stage: groth}
      - {key: no, label: 'No'}
"""


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def problems(directory: Path) -> list[str]:
    found = load_journeys(directory, Stages(), ["basic-onboarding"])
    return [str(problem) for problem in found.problems]


def test_the_shipped_stages_are_those_the_code_knows() -> None:
    """Rows 1.6 and 1.7: onboarding, adoption and expansion are there, and so is an optional trial."""
    assert list(load_stages(SHIPPED).titles) == [stage.value for stage in Stage]


def test_a_team_may_have_stages_of_its_own(tmp_path: Path) -> None:
    """Row 1.6."""
    assert list(load_stages(write(tmp_path, stages_yaml=STAGES)).titles) == ["onboarding", "growth", "churned"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STAGES.replace("churned", "gone"), "stages.yaml:1 the stages churned have a meaning to Playcall"),
        (STAGES.replace("growth", "onboarding"), "the stage 'onboarding' is there twice"),
        (STAGES.replace("title: Growth", "titel: Growth"), "stages.yaml:3 stages[1].title: "),
    ],
)
def test_a_mistake_in_the_stages_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_stages(write(tmp_path, stages_yaml=text))
    assert words in raised.value.message


def test_a_playbook_that_names_an_unknown_stage_is_left_out_with_its_line(tmp_path: Path) -> None:
    """Row 3.8: stage names are enforced."""
    library = Library(write(tmp_path, stages_yaml=STAGES, expansion__grow_yaml=PLAYBOOK))
    told = [str(problem) for problem in library.load().problems]
    assert library.catalog.playbooks == {}
    assert told == [
        "expansion/grow.yaml:6 stages[0]: 'adoption' is not a stage; there are onboarding, growth, churned",
        "expansion/grow.yaml:12 steps[0].outcomes[0].stage: 'groth' is not a stage (did you mean growth?); "
        "there are onboarding, growth, churned",
    ]


def test_the_shipped_journeys_load() -> None:
    """Rows 0.3 and 0.10: several journeys, each with milestones, gates and playbooks of its own."""
    library = Library(SHIPPED)
    library.load()
    assert set(library.journeys) == {"year-1", "year-2-plus", "low-touch"}
    assert library.journeys["year-1"].next == library.journeys["year-2-plus"].next == "year-2-plus"
    for journey in library.journeys.values():
        assert any(milestone.kind == "risk" for milestone in journey.milestones.values())
        assert all(milestone.success for milestone in journey.milestones.values())


def test_every_milestone_of_a_stage_has_an_owner_a_target_and_a_way_to_tell() -> None:
    """Row 1.8."""
    library = Library(SHIPPED)
    library.load()
    for milestone in library.journeys["year-1"].milestones.values():
        assert milestone.owner
        assert str(milestone.target)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("stage: onboarding", "stage: onboardin", "6 stages[0].stage: 'onboardin' is not a stage (did you mean"),
        ("[basic-onboarding]", "[basic]", "12 stages[0].playbooks[0]: 'basic' is not a playbook that can be started"),
        ("milestone: go-live}", "milestone: live}", "9 stages[0].gate[0].milestone: 'live' is not a milestone"),
        ("milestone: go-live}", "when: account.arrr > 0}", "9 stages[0].gate[0].when: 'arrr' is not a field of"),
        ("milestone: go-live}", "when: contact.nps > 0}", "9 stages[0].gate[0].when: this condition is about"),
        (", milestone: go-live}", "}", "9 stages[0].gate[0]: a criterion has either `when` or `milestone`"),
        ("target: 30d", "target: soon", "11 stages[0].milestones[0].target: 'soon' is not a milestone here"),
        ("target: 30d", "target: go-live + 1d", "5 stages: milestones wait for each other in a circle"),
        ("next: first", "next: secnd", "4 next: 'secnd' is not a journey"),
        ("key: first", "key: other", "1 key: expected 'first'"),
        ("goal: Live.", "gaol: Live.", "6 stages[0].goal: "),
    ],
)  # fmt: skip
def test_a_mistake_in_a_journey_is_told_with_its_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    text = JOURNEY.replace(before, after, 1)
    assert any(
        problem.startswith(f"journeys/first.yaml:{told}")
        for problem in problems(write(tmp_path, journeys__first_yaml=text))
    ), problems(tmp_path)


def test_a_broken_journey_does_not_stop_the_others(tmp_path: Path) -> None:
    second = JOURNEY.replace("key: first", "key: second").replace("next: first", "next: second")
    write(tmp_path, journeys__first_yaml="key: [", journeys__second_yaml=second)
    assert list(load_journeys(tmp_path, Stages(), ["basic-onboarding"]).journeys) == ["second"]


# --- segments ---------------------------------------------------------------------------------------------------------

TABLE = """segments:
  - {key: small, title: Small}
  - {key: big, title: Big}
table:
  - title: Big money
    when: account.arr >= 100000
    segment: big
    touch: high
  - title: Everybody
    segment: small
    touch: low
"""


@pytest.mark.parametrize(
    ("facts", "row"),
    [({"arr": 100_000}, "Big money"), ({"arr": 99_999}, "Everybody"), ({}, "Everybody"), ({"arr": "x"}, "Everybody")],
)
def test_the_first_row_that_fits_counts(tmp_path: Path, facts: dict[str, object], row: str) -> None:
    """Rows 0.1 and 1.40."""
    answer = load_segments(write(tmp_path, segments_yaml=TABLE)).answer({"account": facts})
    assert answer is not None
    assert answer.title == row


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("segment: big", "segment: bigg", ":7 table[0].segment: 'bigg' is not a segment (did you mean big?)"),
        ("account.arr >=", "account.ar >=", ":6 table[0].when: 'ar' is not a field of the account (did you mean arr?)"),
        ("account.arr >= 100000", "account.touch == 'low'", ":6 table[0].when: asks for account.touch, which"),
        ("account.arr >= 100000", "account.arr >=", "segments.yaml:6 table[0].when: not a CEL expression"),
        ("touch: high", "touch: much", "segments.yaml:8 table[0].touch"),
        ("key: big,", "key: small,", "the segment 'small' is there twice"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_table_is_told_with_its_line(tmp_path: Path, before: str, after: str, told: str) -> None:
    """Row 1.40."""
    with pytest.raises(ConfigurationError) as raised:
        load_segments(write(tmp_path, segments_yaml=TABLE.replace(before, after, 1)))
    assert told in raised.value.message


def test_a_row_with_a_journey_nobody_knows_is_told(tmp_path: Path) -> None:
    library = Library(write(tmp_path, segments_yaml=TABLE.replace("touch: low", "journey: nowhere")))
    assert "segments.yaml:11 table[1].journey: 'nowhere' is not a journey; there is none" in map(
        str, library.load().problems
    )


@pytest.mark.parametrize(
    ("facts", "segment", "touch"),
    [
        ({"arr": 300_000, "stage": "adoption"}, "enterprise", "high"),
        ({"arr": 80_000, "maturity": 2, "stage": "adoption"}, "mid-market", "high"),
        ({"arr": 80_000, "maturity": 5, "stage": "adoption"}, "mid-market", "low"),
        ({"arr": 20_000, "stage": "adoption"}, "smb", "low"),
        ({"arr": 5_000, "stage": "adoption"}, "smb", "none"),
    ],
)
def test_maturity_and_size_give_the_level_of_touch(facts: dict[str, object], segment: str, touch: str) -> None:
    """Row 0.7, with the shipped table."""
    row = load_segments(SHIPPED).answer({"account": facts})
    assert row is not None
    assert (row.segment, row.touch) == (segment, touch)


def test_a_weight_for_a_segment_nobody_knows_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, health_yaml="segments:\n  enterprize: {sentiment: 30}\n")
    with pytest.raises(ConfigurationError, match=r"health\.yaml:2 segments\.enterprize: 'enterprize' is not a segment"):
        Library(tmp_path).load()
