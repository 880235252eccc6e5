"""What `playcall playbooks lint` finds in a playbook that loads: each with file, line and what to do."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.library.library import Library
from bot.library.lint_rules import Level
from bot.library.linting import Finding, lint, summary_of

TODAY = date(2026, 3, 2)
GOOD = """\
key: good
title: Good
category: lifecycle
summary: A playbook in order.
success: It worked.
exit_criteria: [{key: worked, label: It worked}]
owners: {journey: leader}
reviewed_on: 2026-01-10
stages: [adoption]
triggers: [{on: milestone, milestone: go-live}]
steps:
  - key: first
    title: Do the first thing
    due: 3bd
    guidance: Do it well.
    outcomes:
      - {key: yes, label: It went well}
      - {key: no, label: It did not}
  - key: second
    title: Do the second thing
    due: first + 1bd
    needs: [first]
    guidance: Do it well too.
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("playbooks/lifecycle", "playbooks/groups", "templates/email/welcome"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def findings(home: Path, text: str = GOOD, category: str = "lifecycle") -> list[Finding]:
    folder = home / "playbooks" / category
    folder.mkdir(exist_ok=True)
    (folder / "good.yaml").write_text(text)
    library = Library(home / "playbooks", home / "templates")
    library.load()
    return lint(library.catalog, library.overlay_files, library.emails, TODAY)


def said(home: Path, *replace: tuple[str, str], end: str = "") -> list[str]:
    text = GOOD
    for old, new in replace:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(finding) for finding in findings(home, text + end)]


def test_a_playbook_with_everything_has_no_finding(home: Path) -> None:
    assert findings(home) == []


@pytest.mark.parametrize(
    ("replace", "expected"),
    [
        # row 4.58: does the touchpoint fit a stage?
        (("stages: [adoption]\n", ""), "1 warning: stages: it fits no stage of the life-cycle; name those it belongs"),
        (
            ("milestone: go-live", "milestone: go-live, when: account.stage == 'adopton'"),
            "10 warning: triggers[0].when",
        ),
        # row 3.11: success criteria
        (("exit_criteria: [{key: worked, label: It worked}]\n", ""), "1 warning: exit_criteria: nothing is checked"),
        (("owners: {journey: leader}\n", ""), "1 warning: owners.journey: nobody owns it; name who approves"),
        (("reviewed_on: 2026-01-10\n", ""), "1 warning: reviewed_on: nobody has said that it was read"),
        (("2026-01-10", "2025-01-10"), "8 warning: reviewed_on: last read over a year ago, on 2025-01-10; read it"),
        # row 3.10: the event that starts it
        (("triggers: [{on: milestone, milestone: go-live}]\n", ""), "1 advice: triggers: only people start it"),
        # row 2.2: guidance for new CSMs
        (("    guidance: Do it well.\n", ""), "12 warning: steps[0]: step 'first' has no guidance; say why"),
        (("due: 3bd", "due: 3bd\n    channel: call"), "12 warning: steps[0]: step 'first' takes the customer's time"),
        (("due: 3bd", "due: 3bd\n    when: 1 > 2"), "15 warning: steps[0].when: this condition is false for every"),
        (("first + 1bd", "first - 1bd"), "22 warning: steps[1].needs[0]: step 'second' is due before 'first'"),
        (("due: first + 1bd", "due: 2bd"), "22 warning: steps[1].needs[0]: step 'second' is due before 'first'"),
        (("due: first + 1bd", "due: start - 1w"), "22 warning: steps[1].needs[0]: step 'second' is due before 'first'"),
    ],
)
def test_what_a_playbook_lacks_is_said_with_its_line(home: Path, replace: tuple[str, str], expected: str) -> None:
    (finding,) = said(home, replace)
    assert finding.startswith(f"lifecycle/good.yaml:{expected}")


def test_a_stage_in_a_condition_that_does_not_exist_is_named_with_the_nearest(home: Path) -> None:
    """Row 3.8: one language, stage names enforced."""
    (finding,) = said(home, ("due: 3bd", "due: 3bd\n    when: account.stage != 'onbording'"))
    assert finding.endswith("there is no stage 'onbording'. Did you mean 'onboarding'?")


def test_the_teams_own_reviews_need_no_stage(home: Path) -> None:
    text = GOOD.replace("stages: [adoption]\n", "").replace("category: lifecycle", "category: reviews")
    assert findings(home, text, "reviews") == []


@pytest.mark.parametrize("due", ["3bd", "5d", "renewal_date - 200d", "first", "1w"])
def test_a_step_that_may_well_be_due_after_what_it_needs_is_left_alone(home: Path, due: str) -> None:
    assert said(home, ("due: first + 1bd", f"due: {due}")) == []


def test_a_step_after_one_that_always_ends_the_run_can_never_be_done(home: Path) -> None:
    ending = (("It went well}", "It went well, then: complete_run}"), ("It did not}", "It did not, then: cancel_run}"))
    (finding,) = said(home, *ending)
    assert finding == (
        "lifecycle/good.yaml:19 warning: steps[1]: step 'second' can never be done: every outcome of 'first' ends the "
        "run. Let one of them go on, or take the step out"
    )


def test_a_step_that_every_outcome_before_it_rules_out_can_never_be_done(home: Path) -> None:
    ruling_out = (
        ("It went well}", "It went well, not_applicable: [second]}"),
        ("It did not}", "It did not, then: complete_run}"),
    )
    (finding,) = said(home, *ruling_out)
    assert "step 'second' can never be done: no outcome of 'first' leaves it in place" in finding


def test_a_step_that_one_outcome_leaves_in_place_can_be_done(home: Path) -> None:
    assert said(home, ("It went well}", "It went well, not_applicable: [second]}")) == []


# --- emails -----------------------------------------------------------------------------------------------------------

EMAIL = """\
  - key: third
    title: Write to them
    due: 5bd
    needs: [first]
    kind: email
    mode: automatic
    guidance: It goes by itself.
    value: They know what comes next.
    email: {template: welcome/hello}
"""
ANSWER = ("    guidance: Do it well.\n", "    guidance: Do it well.\n    questions: [{key: mood, label: Mood}]\n")


def write_email(home: Path, body: str, name: str = "hello") -> None:
    (home / f"templates/email/welcome/{name}.j2").write_text(f"Subject: Hello {{{{ account.name }}}}\n\n{body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "Dear {{ contact.first_name }}, yours, {{ csm.first_name }}",
        "{% if account.outcome %}{{ account.outcome }}{% endif %}Hello.",
        "You sounded {{ answers.first.mood }}.",
    ],
)
def test_an_automatic_email_whose_merge_tags_are_sure_is_left_alone(home: Path, body: str) -> None:
    write_email(home, body)
    assert said(home, ANSWER, end=EMAIL) == []


def test_an_automatic_email_that_may_have_a_hole_is_named_with_what_may_be_missing(home: Path) -> None:
    write_email(home, "Your goal: {{ account.outcome }}. Yours, {{ leader.name }}")
    (finding,) = said(home, end=EMAIL)
    assert finding == (
        "lifecycle/good.yaml:32 warning: steps[2].email.template: templates/email/welcome/hello.j2 may lack "
        "account.outcome, leader.name, and waits for a person then; put an `{% if %}` around it, or write `mode: human`"
    )


def test_an_email_a_person_reads_before_may_have_a_hole(home: Path) -> None:
    write_email(home, "Your goal: {{ account.outcome }}")
    assert said(home, end=EMAIL.replace("    mode: automatic\n", "")) == []


def test_an_email_to_the_customer_says_what_they_gain(home: Path) -> None:
    """Row 4.58: does it create value?"""
    write_email(home, "Hello")
    (finding,) = said(home, end=EMAIL.replace("    value: They know what comes next.\n", ""))
    assert "step 'third' takes the customer's time; say in `value` what they gain" in finding


def test_a_meeting_among_ourselves_need_not_say_what_the_customer_gains(home: Path) -> None:
    assert said(home, ("due: 3bd", "due: 3bd\n    kind: meeting")) == []
    (finding,) = said(home, ("due: 3bd", "due: 3bd\n    kind: meeting\n    attendees: [champion]"))
    assert "takes the customer's time" in finding


def test_emails_and_groups_that_nobody_uses_are_named(home: Path) -> None:
    write_email(home, "Hello")
    (home / "playbooks/groups/calls.yaml").write_text(
        "key: calls\ntitle: C\nsummary: S\nsteps:\n  - {key: a, title: A, due: 1d}\n"
    )
    assert said(home) == [
        "groups/calls.yaml:1 advice: nobody includes this group; "
        "write `- include: calls` in a playbook, or delete the file",
        "templates/email/welcome/hello.j2:1 advice: no step sends this email; name it in one, or delete the file",
    ]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("replace", "nearest"),
    [
        (("due: 3bd", "due: 3bd\n    role: specalist"), "specialist"),
        (("due: 3bd", "due: renewl_date - 3d"), "renewal_date"),
        (("due: 3bd", "due: 3bd\n    when: account.days_until_renewal > 3"), "days_until_renewal_date"),
        (("Do it well.", "Call {{ csm.frist_name }}."), "csm.first_name"),
        (("needs: [first]", "needs: [frist]"), "first"),
        (("stages: [adoption]", "stages: [adopton]"), "adoption"),
        (("due: 3bd", "due: 3bd\n    kind: email\n    email: {template: welcome/helo}"), "welcome/hello"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest_known_one(
    home: Path, replace: tuple[str, str], nearest: str
) -> None:
    """Row 4.11: roles, dates, fields of conditions, merge tags, steps, stages and emails are checked by name."""
    write_email(home, "Hello")
    (finding,) = said(home, replace)
    assert " error: " in finding
    assert f"did you mean {nearest}?" in finding.replace("'", "").lower()


def test_what_a_group_lacks_is_said_once_in_the_group(home: Path) -> None:
    (home / "playbooks/groups/calls.yaml").write_text(
        "key: calls\ntitle: C\nsummary: S\nsteps:\n  - {key: a, title: A, due: 1d}\n"
    )
    other = GOOD.replace("key: good", "key: other") + "  - include: calls\n"
    (home / "playbooks/lifecycle/other.yaml").write_text(other)
    (finding,) = said(home, end="  - include: calls\n")
    assert finding.startswith("groups/calls.yaml:5 warning: steps[0]: step 'a' has no guidance")


def test_the_summary_counts_by_level(home: Path) -> None:
    def of(level: Level, line: int) -> Finding:
        return Finding(level, "a.yaml", line, "", "words")

    library = Library(home / "playbooks", home / "templates")
    some = [of(Level.ERROR, 1), of(Level.WARNING, 2), of(Level.WARNING, 3), of(Level.ADVICE, 4)]
    assert summary_of(library.load(), library.overlay_files, some) == (
        "0 playbooks can be used; 1 error, 2 warnings, 1 piece of advice."
    )
    assert summary_of(library.catalog, library.overlay_files, []) == "0 playbooks can be used; no mistakes."


def test_findings_can_be_told_apart_by_a_program(home: Path) -> None:
    (finding,) = findings(home, GOOD.replace("owners: {journey: leader}\n", ""))
    shown: dict[str, Any] = {"level": finding.level, "file": finding.file, "line": finding.line, "path": finding.path}
    assert shown == {"level": "warning", "file": "lifecycle/good.yaml", "line": 1, "path": "owners.journey"}
