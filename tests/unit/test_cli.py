"""The `playcall` command: exit codes, one line for every error, and no traceback."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import cli
from bot.commands import upkeep
from bot.settings import ROOT
from tests.conftest import sqlite_copy

pytestmark = pytest.mark.usefixtures("own_logging", "here")

HEAVY = (
    "aiohttp",
    "alembic",
    "fastapi",
    "pydantic",
    "rich",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
    "uvicorn",
    "yaml",
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and an environment without any settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "DATABASE_URL", "LOG_LEVEL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def migrated(here: Path, migrated_sqlite: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", sqlite_copy(migrated_sqlite, here))
    return here


@pytest.fixture
def complaint(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """The one line on stderr."""

    def read() -> str:
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1, lines
        return lines[0]

    return read


def test_help_needs_nothing_heavy() -> None:
    listing = f"import sys, bot.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert found.stdout.strip() == "[]"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    listed = capsys.readouterr().out
    for command in (
        "accounts", "contacts", "demo", "doctor", "manifest", "members", "migrate", "playbooks", "report", "serve",
        "steps", "worker"
    ):  # fmt: skip
        assert f"\n  {command} " in listed


@pytest.mark.parametrize("arguments", [[], ["accounts"], ["playbooks"]])
def test_without_a_command_there_is_help_and_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["playbok"], "Did you mean 'playbooks'"),
        (["accounts", "import"], "Missing argument"),
        (["accounts", "import", "none.csv"], "does not exist"),
        (["demo", "--port", "many"], "--port"),
        (["playbooks", "lint", "/nowhere"], "does not exist"),
        (["manifest", "--url", "http://playcall.example.com"], "https://"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(arguments: list[str], words: str, complaint: Callable[[], str]) -> None:
    assert cli.run(arguments) == 2
    assert words in complaint()


@pytest.mark.parametrize(
    ("variables", "arguments", "words"),
    [
        ({}, ["serve"], "SLACK_BOT_TOKEN is not set. Find it at"),
        ({}, ["worker"], "SLACK_BOT_TOKEN is not set. Find it at"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, ["serve"], "SLACK_SIGNING_SECRET is not set. Find it at"),
        ({"PORT": "many"}, ["serve"], "PORT cannot be used"),
        ({"LOG_LEVEL": "LOUD"}, ["worker"], "LOG_LEVEL cannot be used"),
        (
            {"DATABASE_URL": "mysql://a:b@h/x"},
            ["migrate"],
            "DATABASE_URL cannot be used: it must begin with sqlite:///",
        ),
        ({"DATABASE_URL": "postgresql://a:b#c@h/x"}, ["doctor"], "DATABASE_URL cannot be used: the port is no number"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    variables: dict[str, str],
    arguments: list[str],
    words: str,
    migrated: Path,  # noqa: ARG001  # so that only the setting is wrong
    monkeypatch: pytest.MonkeyPatch,
    complaint: Callable[[], str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cli.run(arguments) == 1
    assert words in complaint()


def test_nobody_is_erased_where_nobody_can_be_asked(migrated: Path, complaint: Callable[[], str]) -> None:  # noqa: ARG001
    assert cli.run(["contacts", "erase", "jane@acme.example"]) == 1
    assert "`--yes` does not ask" in complaint()


@pytest.mark.parametrize("arguments", [["serve"], ["worker"]])
def test_an_unmigrated_database_says_what_to_run(arguments: list[str], complaint: Callable[[], str]) -> None:
    assert cli.run(arguments) == 1
    assert "Run `playcall migrate`" in complaint()


def test_a_database_that_is_down_is_one_sentence(monkeypatch: pytest.MonkeyPatch, complaint: Callable[[], str]) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    assert cli.run(["migrate"]) == 1
    assert "cannot reach its database" in complaint()


def test_what_nobody_expected_is_one_line_that_says_where_the_details_are(
    monkeypatch: pytest.MonkeyPatch, complaint: Callable[[], str]
) -> None:
    monkeypatch.setattr(upkeep, "run_async", lambda work: work.close() or 1 / 0)
    assert cli.run(["doctor"]) == 1
    line = complaint()
    details = Path(line.rpartition(" ")[2])
    assert "ZeroDivisionError" in details.read_text()
    details.unlink()


def test_migrating_and_importing_work_from_the_command_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "team.csv").write_text("email;name;role\nmaya@ours.example;Maya;csm\n")
    (here / "book.csv").write_text("Company name,Company owner,Seats\nGlobex,maya@ours.example,4\n")
    for arguments in (["migrate"], ["migrate"], ["members", "import", "team.csv"]):
        assert cli.run(arguments) == 0
    assert "1 created" in capsys.readouterr().out
    assert cli.run(["accounts", "import", "book.csv", "--dry-run"]) == 0
    assert "1 would be created" in capsys.readouterr().out
    assert cli.run(["accounts", "import", "book.csv"]) == 0
    out = capsys.readouterr().out
    assert "1 created" in out
    assert "Columns left out, as nothing here is called that: Seats" in out


def test_rows_with_mistakes_are_listed_before_the_sentence(migrated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (migrated / "book.csv").write_text("key,name,renewal_date\n" + "".join(f"a{i},A,soon\n" for i in range(30)))
    assert cli.run(["accounts", "import", "book.csv"]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert lines[0] == 'row 2 (a0): renewal_date: "soon" is not a date'
    assert lines[-2] == "... and 10 more"
    assert "30 rows have mistakes" in lines[-1]


def test_shipped_playbooks_pass_lint_and_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["playbooks", "lint"]) == 0
    assert cli.run(["playbooks", "list"]) == 0
    assert "renewal-120" in capsys.readouterr().out


def test_a_broken_playbook_fails_lint_with_its_file_and_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "lifecycle").mkdir()
    (here / "lifecycle" / "bad.yaml").write_text("key: bad\ntitle: Bad\ncategory: lifecycle\nsteps: []\n")
    assert cli.run(["playbooks", "lint", str(here)]) == 1
    assert re.search(r"^lifecycle/bad\.yaml:\d+ ", capsys.readouterr().err, re.MULTILINE)


def test_a_warning_fails_lint_only_when_it_is_strict(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 4.11."""
    (here / "lifecycle").mkdir()
    (here / "lifecycle" / "bare.yaml").write_text(
        "key: bare\ntitle: Bare\ncategory: lifecycle\nsummary: S\nsuccess: S\nsteps:\n  - {key: a, title: A, due: 1d}\n"
    )
    assert cli.run(["playbooks", "lint", str(here)]) == 0
    said = capsys.readouterr()
    assert "lifecycle/bare.yaml:7 warning: steps[0]: step 'a' has no guidance" in said.out
    assert said.out.splitlines()[-1].startswith("1 playbook can be used; 0 errors, ")
    assert said.err == ""
    assert cli.run(["playbooks", "lint", str(here), "--strict"]) == 1


def test_lint_speaks_json_to_programs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "lifecycle").mkdir()
    (here / "lifecycle" / "bad.yaml").write_text("key: bad\nkey: worse\n")
    assert cli.run(["playbooks", "lint", str(here), "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["level"], finding["file"], finding["line"]) == ("error", "lifecycle/bad.yaml", 2)


def test_a_rehearsal_prints_the_dated_plan_and_touches_nothing(
    migrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (migrated / "team.csv").write_text("email,name,role\nmaya@ours.example,Maya,csm\n")
    (migrated / "book.csv").write_text("key,name,csm,renewal_date\nacme,Acme,maya@ours.example,2027-01-29\n")
    assert cli.run(["members", "import", "team.csv"]) == 0
    assert cli.run(["accounts", "import", "book.csv"]) == 0
    before = (migrated / "playcall.db").read_bytes()
    assert cli.run(["playbooks", "rehearse", "renewal-120", "--account", "Acme", "--from", "2026-10-01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "120 days until renewal on Acme, started on Thu 2026-10-01:" in lines
    dates = re.findall(r"^\w{3} (\d{4}-\d\d-\d\d)  Maya", "\n".join(lines), re.MULTILINE)
    assert dates == sorted(dates)
    assert len(dates) > 5
    assert (migrated / "playcall.db").read_bytes() == before


@pytest.fixture
def book(migrated: Path) -> Path:
    (migrated / "team.csv").write_text("email,name,role\nmaya@ours.example,Maya,csm\n")
    (migrated / "book.csv").write_text(
        "key,name,csm,segment,touch\nacme,Acme,maya@ours.example,enterprise,high\n"
        "hooli,Hooli,maya@ours.example,smb,low\nplain,Plain,maya@ours.example,smb,high\n"
    )
    assert cli.run(["members", "import", "team.csv"]) == 0
    assert cli.run(["accounts", "import", "book.csv"]) == 0
    return migrated


@pytest.mark.usefixtures("book")
def test_a_playbook_is_shown_as_it_is_for_an_account_with_where_each_field_was_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Row 3.17."""
    capsys.readouterr()
    assert cli.run(["playbooks", "show", "basic-onboarding", "--for", "acme", "--sources"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Basic onboarding (basic-onboarding) for Acme\nshaped by high-touch (priority 50)\n")
    assert re.search(r"^    channel +on_site +overlays/high-touch\.yaml:\d+$", shown, re.MULTILINE)
    assert re.search(r"^    due +5bd +lifecycle/basic-onboarding\.yaml:\d+$", shown, re.MULTILINE)
    line = re.search(r"channel +on_site +overlays/high-touch\.yaml:(\d+)", shown)
    assert line
    written = (ROOT / "playbooks/overlays/high-touch.yaml").read_text("utf-8").splitlines()
    assert written[int(line[1]) - 1].strip() == "channel: on_site"


def test_without_an_account_the_playbook_is_shown_as_it_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["playbooks", "show", "usage-drop"]) == 0
    shown = capsys.readouterr().out
    assert "shaped by" not in shown
    assert "day-4-call" in shown


@pytest.mark.usefixtures("book")
def test_the_difference_is_printed_with_the_overlay_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    """Row 3.17."""
    capsys.readouterr()
    assert cli.run(["playbooks", "diff", "usage-drop", "--for", "hooli"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^- day-4-call  “Day 4: call the champion”  overlays/low-touch\.yaml:\d+$", shown, re.MULTILINE)
    assert re.search(r"^~ day-1-email mode: human -> automatic  overlays/low-touch\.yaml:\d+$", shown, re.MULTILINE)
    assert cli.run(["playbooks", "diff", "usage-drop", "--for", "hooli", "--against", "acme"]) == 0
    assert "for Hooli, against Acme:\n" in capsys.readouterr().out
    assert cli.run(["playbooks", "diff", "usage-drop", "--for", "plain", "--base"]) == 0
    assert "no difference." in capsys.readouterr().out


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["diff", "usage-drop"], "Say for which account"),
        (["diff", "usage-drop", "--for", "acme", "--base", "--against", "hooli"], "not with both"),
        (["show", "usage-drop", "--for", "nobody"], "There is no account"),
        (["show", "usage-dorp"], "There is no playbook"),
    ],
)
def test_what_cannot_be_shown_or_compared_says_what_to_do(
    arguments: list[str], words: str, complaint: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert cli.run(["playbooks", *arguments]) == 1
    assert words in complaint()


REHEARSE = ["playbooks", "rehearse", "renewal-120", "--account", "Acme", "--from", "2026-10-01"]


@pytest.fixture
def renewing(migrated: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (migrated / "team.csv").write_text("email,name,role\nmaya@ours.example,Maya,csm\n")
    (migrated / "book.csv").write_text(
        "key,name,csm,renewal_date\nacme,Acme,maya@ours.example,2027-01-29\nalone,Alone,,\n"
    )
    assert cli.run(["members", "import", "team.csv"]) == 0
    assert cli.run(["accounts", "import", "book.csv"]) == 0
    capsys.readouterr()
    return migrated


def test_a_plan_says_which_days_it_covers_and_what_shaped_it(
    renewing: Path,  # noqa: ARG001  # so that there is an account
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run([*REHEARSE, "--until", "2026-11-15"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^Thu 2026-10-01 to \w{3} 2026-1[01]-\d\d, \d+ steps$", printed, re.MULTILINE)
    assert re.search(r"^\d+ more are due after the last day that was asked for$", printed, re.MULTILINE)
    assert re.search(r"^(shaped by .+|as it is written: .+)$", printed, re.MULTILINE)
    assert "2026-12" not in printed


def test_a_rehearsal_is_played_with_every_message_and_touches_nothing(
    renewing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows 1.49 and 4.31."""
    before = (renewing / "playcall.db").read_bytes()
    assert cli.run([*REHEARSE, "--play", "--late", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "nothing was sent to anybody, and nothing is stored. Times are those of UTC." in captured.out
    assert re.search(r"^  09:00  Maya gets$", captured.out, re.MULTILINE)
    assert re.search(r"^  10:00  Maya drafts$", captured.out, re.MULTILINE)
    assert re.search(r"^  10:00  Maya: completed “", captured.out, re.MULTILINE)
    assert "overdue" in captured.out
    days = re.findall(r"^\w{3} (\d{4}-\d\d-\d\d)$", captured.out, re.MULTILINE)
    assert days == sorted(set(days))
    assert "120 days until renewal is completed on" in captured.out
    assert (renewing / "playcall.db").read_bytes() == before


def test_a_playbook_in_any_file_can_be_rehearsed(renewing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 1.49: while it is still being written."""
    (renewing / "draft.yaml").write_text(
        "key: coffee\ntitle: Have a coffee\ncategory: lifecycle\nsummary: S\nsuccess: S\nsteps:\n"
        "  - {key: brew, title: Brew it, due: 1bd, outcomes: [{key: hot, label: Hot}, {key: cold, label: Cold}]}\n"
    )
    command = ["playbooks", "rehearse", "draft.yaml", "--account", "acme", "--play", "--choose", "brew=cold"]
    assert cli.run(command) == 0
    assert "completed “Brew it” (Cold)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--until", "2026-09-01"], "is before the first"),
        (["--play", "--until", "2026-09-01"], "is before the first"),
        (["--late", "3"], "give `--play` with them"),
        (["--play", "--late", "-1"], "0 to 90 days late"),
        (["--play", "--choose", "agreed"], "Write it as STEP=OUTCOME"),
        (["--play", "--choose", "nothing=agreed"], "has no step `nothing`"),
        (["--account", "alone"], "Alone has no CSM"),
        (["--play", "--account", "alone"], "Alone has no CSM"),
    ],
)
def test_a_rehearsal_that_makes_no_sense_says_why(
    renewing: Path,  # noqa: ARG001  # so that there is an account
    arguments: list[str],
    words: str,
    complaint: Callable[[], str],
) -> None:
    assert cli.run([*REHEARSE, *arguments]) == 1
    assert words in complaint()


@pytest.mark.usefixtures("renewing")
def test_a_file_that_is_no_playbook_says_on_which_line(here: Path, complaint: Callable[[], str]) -> None:
    (here / "bad.yaml").write_text("key: bad\nkey: worse\n")
    for path, words in (("bad.yaml", "bad.yaml:2"), ("none.yaml", "There is no file none.yaml")):
        assert cli.run(["playbooks", "rehearse", path, "--account", "acme"]) == 1
        assert words in complaint()


@pytest.mark.parametrize(
    ("key", "account", "words"),
    [("renewal-12", "acme", "There is no playbook"), ("renewal-120", "acne", "There is no account")],
)
def test_a_rehearsal_of_what_does_not_exist_says_so(
    key: str,
    account: str,
    words: str,
    migrated: Path,  # noqa: ARG001  # so that there is a database to look into
    complaint: Callable[[], str],
) -> None:
    assert cli.run(["playbooks", "rehearse", key, "--account", account]) == 1
    assert words in complaint()


def test_a_token_is_shown_once_listed_without_it_and_revoked(
    migrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["token", "create", "feed", "--scope", "signals:write"]) == 0
    token = capsys.readouterr().out.strip()
    assert re.fullmatch(r"playcall_[\w-]{43}", token)
    assert token.encode() not in (migrated / "playcall.db").read_bytes()
    assert cli.run(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert f"{token[:13]}…  signals:write" in listed
    assert token not in listed
    assert cli.run(["token", "create", "feed"]) == 1
    assert "There is a token named feed already" in capsys.readouterr().err
    assert cli.run(["token", "create", "other", "--scope", "signals"]) == 2
    assert "did you mean signals:write?" in capsys.readouterr().err
    assert [cli.run(["token", "revoke", name]) for name in ("feed", "feed", "fed")] == [0, 0, 1]
    assert "There is no token fed. Did you mean 'feed'?" in capsys.readouterr().err


@pytest.mark.usefixtures("migrated")
def test_rules_are_listed_checked_and_tried(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules and their backtest on the command line."""
    assert cli.run(["rules", "list"]) == 0
    assert "usage-recovered" in capsys.readouterr().out
    assert cli.run(["rules", "lint"]) == 0
    assert capsys.readouterr().out.endswith("rules can be used; 0 mistakes.\n")
    assert cli.run(["rules", "test", str(ROOT / "playbooks/rules/risk.yaml"), "--rule", "usage-drop"]) == 0
    assert "would not have acted, on 0 of 0 accounts" in capsys.readouterr().out
    (here / "mine.yaml").write_text("rules:\n  - key: low\n    title: Low\n    when: account.helth < 5\n    then: {}\n")
    assert cli.run(["rules", "lint", str(here / "mine.yaml")]) == 1
    assert "mine.yaml:5 rules[0].then: say one of" in capsys.readouterr().err
    assert cli.run(["rules", "test", "--rule", "usage-dorp"]) == 1


@pytest.mark.usefixtures("migrated")
def test_demo_data_takes_the_place_of_a_database_in_use_only_when_told_to(
    complaint: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["demo-data", "--accounts", "3", "--open-steps", "12", "--signals", "5"]
    assert cli.run(few) == 0
    assert "Made 3 accounts, 12 open steps and 5 signals." in capsys.readouterr().out
    assert cli.run(few) == 1
    assert "--replace" in complaint()
    assert cli.run([*few, "--replace"]) == 0
