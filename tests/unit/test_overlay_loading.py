"""Overlay files: what is said about bad ones, and that the others are used all the same (rows 0.9, 3.5, 4.64)."""

import re
from pathlib import Path

import pytest

from bot.library.documents import Document
from bot.library.library import Library
from bot.library.overlays import Overlay
from bot.library.reference import schema_text
from bot.library.resolving import resolve
from bot.settings import ROOT

PLAYBOOK = """\
key: onboard
title: Onboard
category: lifecycle
summary: For a test.
success: It loads.
steps:
  - key: kickoff
    title: Kick off
    due: 1bd
    questions: [{key: goal, label: The goal}]
  - key: go-live
    title: Go live
    due: kickoff + 1w
    needs: [kickoff]
    guidance: "They want {{ answers.kickoff.goal }}."
    outcomes: [{key: live, label: Live, milestone: go-live}]
"""
HEAD = """\
key: special
title: Special
summary: For a test.
playbooks: [onboard]
"""
GOOD = HEAD.replace("special", "good") + "steps:\n  kickoff: {title: Kick it off}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("playbooks/lifecycle", "playbooks/overlays", "templates/email"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "playbooks/lifecycle/onboard.yaml").write_text(PLAYBOOK)
    (tmp_path / "playbooks/overlays/good.yaml").write_text(GOOD)
    return tmp_path


def load(home: Path) -> Library:
    library = Library(home / "playbooks", home / "templates")
    library.load()
    return library


def complaints(home: Path, text: str, name: str = "special") -> list[str]:
    """What is said about an overlay beside a good one, which is used all the same."""
    (home / f"playbooks/overlays/{name}.yaml").write_text(text)
    library = load(home)
    assert "good" in {overlay.key for overlay in library.overlay_files.for_playbook("onboard")}
    assert list(library.catalog.playbooks) == ["onboard"]
    return [str(problem) for problem in library.catalog.problems]


def test_overlays_are_loaded_beside_the_playbooks(home: Path) -> None:
    library = load(home)
    assert [overlay.key for overlay in library.overlays()] == ["good"]
    assert library.catalog.problems == ()


def test_an_overlay_says_who_approves_it_and_who_may_propose_changes(home: Path) -> None:
    """Row 3.5."""
    assert complaints(home, HEAD + "owner: dana@example.com\neditors: [support, sam@example.com]\nstretch: 2\n") == []
    special = next(overlay for overlay in load(home).overlays() if overlay.key == "special")
    assert (special.owner, special.editors) == ("dana@example.com", ["support", "sam@example.com"])
    (problem,) = complaints(home, HEAD + "editors: [support, nobody]\n")
    assert problem.startswith("overlays/special.yaml:5 editors[1]: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key: special\ntitle: [open\n", "3 not YAML: "),
        ("- a list\n", "1 the file holds no overlay"),
        (HEAD.replace("key: special", "key: other"), "1 key: expected 'special'"),
        (HEAD.replace("playbooks: [onboard]", "priority: 1"), "1 say which `playbooks` it shapes"),
        (
            HEAD.replace("[onboard]", "[onbord]"),
            "4 playbooks[0]: there is no playbook 'onbord'; did you mean 'onboard'?",
        ),
        (HEAD + "stretch: 9\n", "5 stretch: Input should be less than or equal to 4"),
        (HEAD + "steps:\n  kickof: {due: 2bd}\n", "6 steps.kickof: there is no step 'kickof'; did you mean 'kickoff'?"),
        (
            HEAD + "leave_out: [onboard/kickof]\n",
            "5 leave_out[0]: there is no step 'onboard/kickof'; did you mean 'onboard/kickoff'?",
        ),
        (
            HEAD + "leave_out: [renewal/kickoff]\n",
            "5 leave_out[0]: 'renewal/kickoff' is in a playbook that this overlay",
        ),
        (
            HEAD + "wording:\n  renewal: {success: X}\n",
            "6 wording.renewal: 'renewal' is not a playbook of this overlay",
        ),
        (HEAD + "steps:\n  kickoff:\n    due: soon!\n", "7 steps.kickoff.due: expected an offset such as"),
        (HEAD + "steps:\n  kickoff:\n    gidance: X\n", "7 steps.kickoff.gidance: not a field that exists here"),
        (HEAD + "steps:\n  kickoff:\n    key: other\n", "7 steps.kickoff.key: not a field that exists here"),
        (
            HEAD + 'when: account.segmnt == "smb"\n',
            "5 when: account.segmnt is not a field that exists; did you mean 'account.segment'?",
        ),
        (HEAD + 'when: contact.email == "a"\n', "5 when: an overlay is for accounts"),
        (HEAD + "when: account.touch ==\n", "5 when: not a CEL expression"),
    ],
)
def test_what_is_wrong_is_reported_with_its_line_and_the_nearest_name(home: Path, text: str, expected: str) -> None:
    (problem,) = complaints(home, text)
    assert problem.startswith(f"overlays/special.yaml:{expected}")
    assert [overlay.key for overlay in load(home).overlays()] == ["good"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "leave_out:\n  - go-live\n",
            "6 leave_out[0]: not used on onboard: step 'go-live' reaches the milestone 'go-live'",
        ),
        (
            "steps:\n  go-live:\n    outcomes: [{key: live, label: Live}]\n",
            "7 steps.go-live.outcomes: not used on onboard: the outcomes of 'go-live' are the same for every account",
        ),
        (
            "steps:\n  kickoff:\n    kind: email\n",
            "6 steps.kickoff: not used on onboard: step 'kickoff': a step of `kind: em",
        ),
        (
            "steps:\n  kickoff:\n    guidance: Hello {{ account.nam }}\n",
            "7 steps.kickoff.guidance: not used on onboard: {{ account.nam }} is not a merge tag that exists",
        ),
        (
            "steps:\n  kickoff:\n    kind: email\n    email: {template: a/gone}\n",
            "8 steps.kickoff.email.template: not used on onboard: templates/email/a/gone.j2:1 there is no file",
        ),
        (
            "steps:\n  kickoff:\n    questions: []\n",
            "5 steps: not used on onboard: {{ answers.kickoff.goal }} is not a merge tag that exists",
        ),
    ],
)
def test_an_overlay_that_makes_no_playbook_is_refused_there_with_the_reason(
    home: Path, lines: str, expected: str
) -> None:
    """Row 0.9 among them: milestones stay."""
    (problem,) = complaints(home, HEAD + lines)
    assert problem.startswith(f"overlays/special.yaml:{expected}")
    assert [overlay.key for overlay in load(home).overlay_files.for_playbook("onboard")] == ["good"]


def test_overlays_and_playbooks_share_one_room_of_keys(home: Path) -> None:
    (problem,) = complaints(home, HEAD.replace("key: special", "key: onboard"), "onboard")
    assert problem == "overlays/onboard.yaml:1 key: a playbook already has the key 'onboard'"


def test_an_overlay_of_a_playbook_that_has_a_mistake_is_not_blamed_for_it(home: Path) -> None:
    (home / "playbooks/lifecycle/broken.yaml").write_text("key: broken\n")
    (home / "playbooks/overlays/special.yaml").write_text(HEAD.replace("[onboard]", "[onboard, broken]"))
    problems = [problem.file for problem in load(home).catalog.problems]
    assert set(problems) == {"lifecycle/broken.yaml"}


def test_two_overlays_of_one_priority_that_disagree_are_remarked_on(home: Path) -> None:
    assert complaints(home, HEAD + "steps:\n  kickoff: {title: Other}\n") == []
    (remark,) = load(home).overlay_files.remarks
    assert "has the priority of good, which therefore wins on onboard: kickoff.title" in str(remark)


def test_overlays_of_one_priority_that_exclude_each_other_are_not_remarked_on(home: Path) -> None:
    for key, touch in (("special", "low"), ("good", "none")):
        when = f"when: account.touch == '{touch}'\nsteps:\n  kickoff: {{title: {key}}}\n"
        (home / f"playbooks/overlays/{key}.yaml").write_text(HEAD.replace("special", key) + when)
    assert load(home).overlay_files.remarks == ()


def test_an_overlay_that_would_write_to_high_touch_by_itself_is_remarked_on(home: Path) -> None:
    """Row 0.13."""
    automatic = "steps:\n  mail: {mode: automatic}\n"
    folder = home / "templates/email/test"
    folder.mkdir()
    (folder / "hello.j2").write_text("Subject: Hello\n\nHello.\n")
    mail = "  - {key: mail, title: Write, due: 1bd, kind: email, email: {template: test/hello}}\n"
    (home / "playbooks/lifecycle/onboard.yaml").write_text(PLAYBOOK + mail)
    assert complaints(home, HEAD + automatic) == []
    assert "accounts with high touch are left out of this" in str(load(home).overlay_files.remarks[0])
    assert complaints(home, HEAD + 'when: account.touch == "low"\n' + automatic) == []
    assert load(home).overlay_files.remarks == ()


def test_the_same_overlays_are_laid_on_a_playbook_once_until_the_files_are_read_anew(home: Path) -> None:
    library = load(home)
    facts = {"account": {"touch": "low"}}
    first = library.resolve(library.playbook("onboard"), facts)
    assert library.resolve(library.playbook("onboard"), facts) is first
    (home / "playbooks/overlays/good.yaml").write_text(GOOD.replace("Kick it off", "Begin"))
    library.load()
    assert library.resolve(library.playbook("onboard"), facts).playbook.step("kickoff").title == "Begin"


def test_the_shipped_overlays_are_in_order() -> None:
    library = Library(ROOT / "playbooks", ROOT / "templates")
    library.load()
    assert library.overlay_files.problems == ()
    assert library.overlay_files.remarks == ()
    for overlay in library.overlays():
        text = (ROOT / f"playbooks/overlays/{overlay.key}.yaml").read_text("utf-8")
        assert text.startswith("# yaml-language-server: $schema=../overlay-schema.json\n")
        assert overlay.owner
        assert overlay.editors


def test_the_overlay_of_the_docs_is_in_order() -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    (text,) = re.findall(
        r"```yaml\n(# yaml-language-server: \$schema=../overlay-schema.json\n.*?)```", guide, re.DOTALL
    )
    library = Library(ROOT / "playbooks", ROOT / "templates")
    library.load()
    overlay = Overlay.model_validate(Document("overlays/docs.yaml", text).value)
    playbook = library.playbook("basic-onboarding")
    result = resolve(playbook, [overlay], {"account": {"segment": "enterprise", "touch": "low"}})
    assert result.refused == ()
    assert [step.key for step in result.playbook.steps][3:5] == ["kickoff", "security-review"]


def test_the_schema_that_editors_read_is_up_to_date() -> None:
    written = (ROOT / "playbooks/overlay-schema.json").read_text("utf-8")
    assert written == schema_text(Overlay), "run `python -m bot.library.reference`"
