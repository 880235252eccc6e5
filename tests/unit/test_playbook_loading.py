from pathlib import Path

import pytest

from bot.library.library import Library
from bot.library.loading import Catalog

GOOD = """\
key: good
title: Good
category: lifecycle
summary: A playbook in order.
success: It loads.
steps:
  - key: first
    title: Do the first thing
    due: 1bd
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("playbooks/lifecycle", "playbooks/at-risk", "templates/email/welcome"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "playbooks/lifecycle/good.yaml").write_text(GOOD)
    return tmp_path


def load(home: Path) -> Catalog:
    return Library(home / "playbooks", home / "templates").load()


def complaints(home: Path, text: str | bytes, name: str = "lifecycle/broken.yaml") -> list[str]:
    """What is said about a broken file beside a good one, which is loaded all the same."""
    path = home / "playbooks" / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    catalog = load(home)
    assert list(catalog.playbooks) == ["good"]
    return [str(problem) for problem in catalog.problems]


def broken(lines: str = "", *, replace: tuple[str, str] = ("", "")) -> str:
    return GOOD.replace("key: good", "key: broken").replace(*replace) + lines


def test_a_playbook_in_order_is_loaded(home: Path) -> None:
    catalog = load(home)
    assert list(catalog.playbooks) == ["good"]
    assert catalog.problems == ()


def test_broken_yaml_is_reported_with_its_line(home: Path) -> None:
    (problem,) = complaints(home, "key: broken\ntitle: [unclosed\nsteps: x\n")
    assert problem.startswith("lifecycle/broken.yaml:3 not YAML: ")


def test_a_file_that_is_not_utf_8_is_reported(home: Path) -> None:
    (problem,) = complaints(home, broken().replace("Good", "Größe").encode("latin-1"))
    assert problem.startswith("lifecycle/broken.yaml:1 not YAML: ")


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "- a list\n", "just words\n"])
def test_a_file_without_a_playbook_is_reported(home: Path, text: str) -> None:
    (problem,) = complaints(home, text)
    assert problem.startswith("lifecycle/broken.yaml:1 the file holds no playbook")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (broken("    gidance: words\n"), "10 steps[0].gidance: not a field that exists here"),
        (broken("    due_on: 3bd\n"), "10 steps[0].due_on: not a field that exists here"),
        (broken(replace=("due: 1bd", "due: soon!")), "9 steps[0].due: expected an offset such as"),
        (broken(replace=("title: Good\n", "")), "1 title: Field required"),
        (broken(replace=("title: Good\n", "title:\n")), "2 title: Input should be a valid string"),
        (
            broken("    needs: [second]\n"),
            "10 steps[0].needs[0]: step 'first' needs 'second', which is not a step here",
        ),
        (broken(replace=("due: 1bd", "due: second + 1bd")), "9 steps[0].due: step 'first' is due relative to 'second'"),
        (
            broken("    outcomes:\n      - key: a\n        label: A\n        not_applicable: [x]\n"),
            "13 steps[0].outcomes[0].not_applicable: outcome 'a' of 'first' names 'x'",
        ),
        (
            broken("  - key: first\n    title: Again\n    due: 1bd\n"),
            "10 steps[1].key: step 'first' is there twice",
        ),
        (
            broken("    needs: [second]\n  - key: second\n    title: Second\n    due: 1bd\n    needs: [first]\n"),
            "7 steps[0]: steps wait for each other in a circle: ",
        ),
        (broken("triggers:\n  - on: full_moon\n"), "11 triggers[0]: Input tag 'full_moon' found using 'on'"),
        (
            broken("triggers:\n  - on: anchor\n    anchor: birthday\n    offset: 1d\n"),
            "12 triggers[0].anchor: Input should be 'contract_start'",
        ),
        (
            broken("triggers:\n  - on: quarter_end\n    offset: 7d\n"),
            "11 triggers[0]: a quarter's playbook starts ahead of its end",
        ),
        (
            broken("triggers:\n  - on: milestone\n    milestone: go-live\n    when: account.stage ==\n"),
            "13 triggers[0].when: not a CEL expression",
        ),
        (broken("    when: account.stage ==\n"), "10 steps[0].when: not a CEL expression"),
        (broken("    when: account.segmnt == 'smb'\n"), "10 steps[0].when: account.segmnt is not a field that exists"),
        (
            broken("    guidance: Call {{ account.nmae }}\n"),
            "10 steps[0].guidance: {{ account.nmae }} is not a merge tag",
        ),
        (broken("    guidance: Call {{ account\n"), "10 steps[0].guidance: not a template"),
        (broken("    guidance: '{{ answers.first.x }}'\n"), "10 steps[0].guidance: {{ answers.first.x }} is not"),
        (
            broken("    kind: escalation\n    escalation:\n      ask: Help {{ csm.phone }}\n"),
            "12 steps[0].escalation.ask: {{ csm.phone }} is not a merge tag",
        ),
        (
            broken("    questions:\n      - key: a\n        label: A\n        prefill: account.seats\n"),
            "13 steps[0].questions[0].prefill: account.seats is not a field that exists",
        ),
        (broken("    kind: email\n"), "7 steps[0]: a step of `kind: email` has an `email`"),
        (broken(replace=("key: broken", "key: other")), "1 key: expected 'broken'"),
        (broken(replace=("category: lifecycle", "category: at-risk")), "3 category: expected 'lifecycle'"),
    ],
)
def test_a_mistake_is_reported_with_file_line_and_place(home: Path, text: str, expected: str) -> None:
    (problem,) = complaints(home, text)
    assert problem.startswith(f"lifecycle/broken.yaml:{expected}")


def test_a_key_that_is_there_twice_keeps_the_first_file(home: Path) -> None:
    (home / "playbooks/lifecycle/more").mkdir()
    (problem,) = complaints(home, GOOD, "lifecycle/more/good.yaml")
    assert problem == "lifecycle/more/good.yaml:1 key: another file already has the key 'good'"


WITH_EMAIL = broken("    kind: email\n    email:\n      template: welcome/hello\n")


def test_an_email_that_is_not_there_is_reported(home: Path) -> None:
    (problem,) = complaints(home, WITH_EMAIL)
    assert problem.startswith(
        "lifecycle/broken.yaml:12 steps[0].email.template: templates/email/welcome/hello.j2:1 there"
    )


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "hello",
            "Subject: x\n\none\n{{ contact.frist_name }}",
            "hello.j2:4 {{ contact.frist_name }} is not a merge tag",
        ),
        ("hello", "Subject: {{ x }}\n\none", "hello.j2:1 {{ x }} is not a merge tag"),
        ("hello", "Subject: x\n\n{% if csm %}", "hello.j2:3 not a template"),
        ("hello", "Hello\n\nbody", "hello.j2:1 the first line is the subject"),
        ("hello", "Subject: x\n\n{{ ''.join(notes) }}", "hello.j2:3 only merge tags"),
        ("hello.tiny", "Subject: x\n\nbody", "hello.tiny.j2: 'tiny' is not a segment"),
        ("hello.smb", "Subject: x\n\n{{ y }}", "hello.smb.j2:3 {{ y }} is not a merge tag"),
    ],
)
def test_a_mistake_in_an_email_is_reported_where_it_is_used(home: Path, file: str, text: str, expected: str) -> None:
    (home / "templates/email/welcome/hello.j2").write_text("Subject: x\n\nbody")
    (home / f"templates/email/welcome/{file}.j2").write_text(text)
    (problem,) = complaints(home, WITH_EMAIL)
    assert problem.startswith(f"lifecycle/broken.yaml:12 steps[0].email.template: templates/email/welcome/{expected}")


def test_loading_again_reads_the_emails_anew(home: Path) -> None:
    (home / "playbooks/lifecycle/broken.yaml").write_text(WITH_EMAIL)
    library = Library(home / "playbooks", home / "templates")
    assert "broken" not in library.load().playbooks
    (home / "templates/email/welcome/hello.j2").write_text("Subject: x\n\nbody")
    assert "broken" in library.load().playbooks
