"""Groups of steps that playbooks include: row 4.52."""

import json
import re
from pathlib import Path

import pytest

from bot.library.groups import StepGroup
from bot.library.library import Library
from bot.library.loading import Catalog
from bot.library.reference import schema_text
from bot.library.schema import Playbook, dump
from bot.settings import ROOT

HEAD = """\
key: {key}
title: A title
category: lifecycle
summary: What it is for.
success: It worked.
steps:
"""
FIRST = """\
  - key: first
    title: Do the first thing
    due: 1bd
"""
CALLS = """\
key: calls
title: Calls
summary: Two calls.
steps:
  - key: call
    title: Call them
    due: 2bd
    questions:
      - key: mood
        label: How do they sound?
  - key: recap
    title: Write down what was said
    due: call + 1bd
    needs: [call]
    role: ae
    when: account.touch == "high"
    guidance: They sounded {{ answers.call.mood }}.
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("playbooks/lifecycle", "playbooks/groups", "templates/email"):
        (tmp_path / folder).mkdir(parents=True)
    write_group(tmp_path, "calls", CALLS)
    return tmp_path


def write_group(home: Path, key: str, text: str) -> None:
    (home / f"playbooks/groups/{key}.yaml").write_text(text)


def load(home: Path, *includes: str, key: str = "play") -> Catalog:
    """A playbook with the step `first`, then these entries."""
    text = HEAD.format(key=key) + FIRST + "".join(f"  - {line}\n" for line in includes)
    (home / f"playbooks/lifecycle/{key}.yaml").write_text(text)
    return Library(home / "playbooks", home / "templates").load()


def playbook(home: Path, *includes: str) -> Playbook:
    catalog = load(home, *includes)
    assert [str(problem) for problem in catalog.problems] == []
    return catalog.playbooks["play"]


def complaints(home: Path, *includes: str) -> list[str]:
    catalog = load(home, *includes)
    assert catalog.playbooks == {}
    return [str(problem) for problem in catalog.problems]


def test_an_included_group_is_replaced_by_its_steps(home: Path) -> None:
    assert [step.key for step in playbook(home, "include: calls").steps] == ["first", "call", "recap"]


def test_a_playbook_that_includes_a_group_is_stored_as_if_it_were_written_out(home: Path) -> None:
    """Row 4.52: a run is pinned to the steps as they were, whatever becomes of the group."""
    included = playbook(home, "include: calls")
    (home / "playbooks/lifecycle/play.yaml").write_text(
        HEAD.format(key="play") + FIRST + CALLS.partition("steps:\n")[2]
    )
    assert dump(Library(home / "playbooks", home / "templates").load().playbooks["play"]) == dump(included)


def test_a_changed_group_makes_a_changed_playbook(home: Path) -> None:
    before = dump(playbook(home, "include: calls"))
    write_group(home, "calls", CALLS.replace("Call them", "Ring them"))
    assert dump(playbook(home, "include: calls")) != before


def test_a_prefix_lets_a_group_be_included_twice(home: Path) -> None:
    written = playbook(home, "include: calls", "{include: calls, prefix: later, needs: [recap]}")
    assert [step.key for step in written.steps] == ["first", "call", "recap", "later-call", "later-recap"]
    call, recap = written.step("later-call"), written.step("later-recap")
    assert (call.needs, recap.needs, str(recap.due)) == (["recap"], ["later-call"], "later-call + 1bd")
    assert recap.guidance == "They sounded {{ answers.later_call.mood }}."


def test_a_group_that_is_included_twice_without_a_prefix_is_a_mistake_in_the_group(home: Path) -> None:
    (first, *_) = complaints(home, "include: calls", "include: calls")
    assert first == "groups/calls.yaml:5 steps[0].key: step 'call' is there twice (included by lifecycle/play.yaml:11)"


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("go_live_date", "go_live_date + 2bd"),
        ("go_live_date - 5bd", "go_live_date - 3bd"),
        ("first + 1bd", "first + 3bd"),
        ("3bd", "5bd"),
    ],
)
def test_due_is_the_day_from_which_a_group_counts(home: Path, due: str, expected: str) -> None:
    written = playbook(home, f"{{include: calls, due: {due}}}")
    assert str(written.step("call").due) == expected
    assert str(written.step("recap").due) == "call + 1bd"


def test_business_days_and_other_days_are_not_added_up(home: Path) -> None:
    (problem,) = complaints(home, "{include: calls, due: go_live_date - 5d}")
    assert problem.startswith(
        "groups/calls.yaml:7 steps[0].due: due 2bd after the start of the group, which is 'go_live"
    )
    assert problem.endswith("(included by lifecycle/play.yaml:10)")


def test_needs_when_and_role_are_given_to_the_steps_that_have_none(home: Path) -> None:
    written = playbook(home, "{include: calls, needs: [first], when: account.arr > 5, role: specialist}")
    call, recap = written.step("call"), written.step("recap")
    assert (call.needs, recap.needs) == (["first"], ["call"])
    assert (call.role, recap.role) == ("specialist", "ae")
    assert (call.when, recap.when) == ("account.arr > 5", '(account.arr > 5) && (account.touch == "high")')


def test_a_group_may_include_a_group(home: Path) -> None:
    outer = "key: outer\ntitle: O\nsummary: S\nsteps:\n  - {include: calls, prefix: in, due: 1bd}\n"
    write_group(home, "outer", outer)
    written = playbook(home, "{include: outer, prefix: out, due: renewal_date}")
    assert [(step.key, str(step.due)) for step in written.steps[1:]] == [
        ("out-in-call", "renewal_date + 3bd"),
        ("out-in-recap", "out-in-call + 1bd"),
    ]
    assert written.steps[2].guidance == "They sounded {{ answers.out_in_call.mood }}."


def test_groups_that_include_each_other_are_reported_with_the_circle(home: Path) -> None:
    for key, other in (("a", "b"), ("b", "a")):
        write_group(home, key, f"key: {key}\ntitle: T\nsummary: S\nsteps:\n  - include: {other}\n")
    assert complaints(home, "include: a") == [
        "groups/b.yaml:5 steps[0].include: groups include each other in a circle: a -> b -> a. "
        "Take one of the includes out. (included by lifecycle/play.yaml:10)"
    ]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (
            "include: cals",
            "lifecycle/play.yaml:10 steps[1].include: there is no group 'cals' in playbooks/groups. "
            "Did you mean 'calls'?",
        ),
        ("{include: calls, due: soon!}", "lifecycle/play.yaml:10 steps[1].due: expected an offset such as"),
        ("{include: calls, roll: ae}", "lifecycle/play.yaml:10 steps[1].roll: not a field that exists here"),
        ("{include: calls, needs: [frist]}", "lifecycle/play.yaml:10 steps[1].needs[0]: step 'call' needs 'frist'"),
        ("{include: calls, when: account.ar > 1}", "lifecycle/play.yaml:10 steps[1].when: account.ar is not a field"),
    ],
)
def test_a_mistake_in_an_include_is_reported_where_it_is_written(home: Path, include: str, expected: str) -> None:
    assert complaints(home, include)[0].startswith(expected)


@pytest.mark.parametrize(
    ("replace", "expected"),
    [
        (("due: 2bd", "due: soon!"), "groups/calls.yaml:7 steps[0].due: expected an offset"),
        (("needs: [call]", "needs: [cal]"), "groups/calls.yaml:14 steps[1].needs[0]: step 'recap' needs 'cal', which"),
        (("call.mood", "call.moo"), "groups/calls.yaml:17 steps[1].guidance: {{ answers.call.moo }} is not a merge"),
        (("key: calls", "key: call"), "groups/calls.yaml:1 key: expected 'calls', as the file is groups/calls.yaml"),
        (("summary: Two calls.\n", ""), "groups/calls.yaml:1 summary: Field required"),
        (("steps:\n", "steps: [\n"), "groups/calls.yaml:"),
        ((CALLS, ""), "groups/calls.yaml:1 the file holds no group"),
    ],
)
def test_a_mistake_in_a_group_names_its_file_its_line_and_the_playbook(
    home: Path, replace: tuple[str, str], expected: str
) -> None:
    write_group(home, "calls", CALLS.replace(*replace))
    problem = complaints(home, "include: calls")[0]
    assert problem.startswith(expected)
    assert problem.endswith(" (included by lifecycle/play.yaml:10)")


def test_a_broken_group_leaves_other_playbooks_alone(home: Path) -> None:
    load(home, key="other")
    write_group(home, "calls", "")
    catalog = load(home, "include: calls")
    assert list(catalog.playbooks) == ["other"]


def test_a_mistake_in_a_group_nobody_includes_is_reported_too(home: Path) -> None:
    write_group(home, "calls", CALLS.replace("due: 2bd", "due: soon!"))
    catalog = load(home)
    assert list(catalog.playbooks) == ["play"]
    (problem,) = catalog.problems
    assert str(problem).startswith("groups/calls.yaml:7 steps[0].due: expected an offset")


def test_somebody_who_starts_a_playbook_with_a_broken_group_hears_of_the_group(home: Path) -> None:
    write_group(home, "calls", CALLS.replace("due: 2bd", "due: soon!"))
    load(home, "include: calls")
    library = Library(home / "playbooks", home / "templates")
    library.load()
    with pytest.raises(Exception, match=r"`play` has a mistake and cannot be started: groups/calls\.yaml:7"):
        library.playbook("play")


# --- on which line it is written --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (("title",), "lifecycle/play.yaml:2"),
        (("objective",), "lifecycle/play.yaml:1"),
        (("steps", 0), "lifecycle/play.yaml:7"),
        (("steps", 0, "due"), "lifecycle/play.yaml:9"),
        (("steps", 1), "groups/calls.yaml:5"),
        (("steps", 2, "due"), "groups/calls.yaml:13"),
        (("steps", 1, "needs"), "lifecycle/play.yaml:11"),
        (("steps", 2, "needs"), "groups/calls.yaml:14"),
        (("steps", 3, "title"), "lifecycle/play.yaml:13"),
    ],
)
def test_the_catalog_knows_where_each_part_is_written(
    home: Path, location: tuple[int | str, ...], expected: str
) -> None:
    catalog = load(home, "include: calls\n    needs: [first]", "key: last\n    title: Last\n    due: 9bd")
    assert str(catalog.source("play", location)) == expected


# --- editors ----------------------------------------------------------------------------------------------------------


def test_the_json_schema_of_groups_is_up_to_date() -> None:
    there = (ROOT / "playbooks" / "group-schema.json").read_text("utf-8")
    assert there == schema_text(StepGroup), "run `python -m bot.library.reference`"


def test_editors_let_a_group_be_included_among_the_steps_of_playbooks_and_groups() -> None:
    """Row 4.11."""
    for text in (schema_text(), schema_text(StepGroup)):
        schema = json.loads(text)
        entries = {entry["$ref"].rpartition("/")[2] for entry in schema["properties"]["steps"]["items"]["oneOf"]}
        assert entries == {"StepSpec", "Include"}
        assert entries <= schema["$defs"].keys()


def test_editors_know_every_field_of_a_playbook_and_of_a_group() -> None:
    assert json.loads(schema_text())["properties"].keys() == Playbook.model_fields.keys()
    assert json.loads(schema_text(StepGroup))["properties"].keys() == StepGroup.model_fields.keys()


def test_the_group_of_the_docs_can_be_included_as_the_docs_say(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    section = guide.partition("## Steps that several playbooks share")[2].partition("\n## ")[0]
    group, steps = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    for folder in ("lifecycle", "groups"):
        (tmp_path / folder).mkdir()
    (tmp_path / "groups/kickoff-calls.yaml").write_text(group)
    (tmp_path / "lifecycle/play.yaml").write_text(HEAD.format(key="play").replace("steps:\n", steps))
    catalog = Library(tmp_path).load()
    assert [str(problem) for problem in catalog.problems] == []
    written = catalog.playbooks["play"]
    assert [step.key for step in written.steps] == [
        "announce",
        "sponsor-call",
        "team-call",
        "second-site-sponsor-call",
        "second-site-team-call",
    ]
    assert str(written.step("second-site-sponsor-call").due) == "go_live_date - 8bd"
