"""Stages, playbooks and teams as a table, what no playbook covers, drift, lists: read from both databases; as files."""

import csv
from datetime import date
from pathlib import Path

import pytest

from bot import cli
from bot.engine.runs import start_run
from bot.library.journeys import Journey
from bot.library.library import Library
from bot.library.segments import Segments
from bot.models import MemberRole
from bot.reports.leading.coverage import find_coverage
from bot.reports.leading.drift import load_drift
from bot.reports.leading.grid import load_grid, load_team_grid
from bot.reports.tasks import load_steps_table, load_tasks
from bot.slack.leading.grid import build_grid
from bot.slack.limits import violations
from bot.slack.tables import Table
from tests.conftest import sqlite_copy
from tests.support.accounts import Book
from tests.support.world import World, use_playbook


def cells(table: Table, name: str) -> dict[str, object]:
    """What is in the row of this name, by heading; empty cells left out."""
    row = next(row for row in table.rows if row[0] == name)
    return {heading: cell for heading, cell in zip(table.headings, row, strict=True) if cell is not None}


async def test_the_grid_counts_what_runs_in_a_stage_and_dots_what_belongs_there(world: World) -> None:
    """Row 1.44."""
    await world.start({"key": "one"}, key="grow", stages=["adoption", "expansion"])
    use_playbook(world.library, {"key": "two"}, key="anytime")
    async with world.database.reading() as reader:
        table = await load_grid(reader, world.library)
    assert cells(table, "grow") == {"playbook": "grow", "adoption": 1, "expansion": "·"}
    assert cells(table, "anytime") == {"playbook": "anytime", "anywhere": "·"}


async def test_the_grid_by_team_counts_the_steps_a_stage_gives_to_each(world: World) -> None:
    """Rows 1.44 and 1.45."""
    await world.start({"key": "one"}, {"key": "two", "role": "ae"}, key="grow", stages=["adoption", "renewal"])
    async with world.database.reading() as reader:
        table = await load_team_grid(reader, world.library)
    assert cells(table, "ae") == {"team": "ae", "adoption": "1/1", "renewal": "1"}


def test_a_large_grid_stays_within_slacks_limits() -> None:
    """Row 1.44."""
    table = Table(("playbook", *(f"stage-{n}" for n in range(20))), tuple((f"`&{n}", *range(20)) for n in range(300)))
    message = build_grid(table, "explained")
    assert violations({"text": message.text, "blocks": message.blocks}) == []


def journey(**changes: object) -> Journey:
    milestones = [
        {"key": "live", "title": "They are live", "target": "30d", "success": "They work in it."},
        {"key": "forgotten", "title": "Nobody thought of it", "target": "60d", "success": "Somebody did."},
    ]
    stages = [{"stage": "onboarding", "goal": "Live", "milestones": milestones} | changes]
    return Journey.model_validate({"key": "year-1", "title": "Year 1", "summary": "All.", "stages": stages})


def test_coverage_names_milestones_that_no_playbook_starts_with_or_reaches() -> None:
    """Row 3.6."""
    library = Library(Path("nowhere"))
    library.journeys = {"year-1": journey()}
    use_playbook(library, {"key": "one"}, triggers=[{"on": "milestone", "milestone": "live"}])
    found = find_coverage(library)
    assert [one.key for one in found.uncovered_milestones] == ["forgotten"]
    assert found.milestones == 2


def test_coverage_names_stages_of_segments_without_a_playbook() -> None:
    """Row 3.6."""
    library = Library(Path("nowhere"))
    only_large = {"on": "recurring", "every": "month", "when": 'account.segment == "enterprise"'}
    use_playbook(library, {"key": "one"}, key="large", stages=["adoption"], triggers=[only_large])
    use_playbook(library, {"key": "two"}, key="all", stages=["onboarding"])
    library.journeys = {"year-1": journey(stage="renewal", playbooks=["all"])}
    library.segments = Segments.model_validate({"table": [{"title": "Small", "segment": "smb", "journey": "year-1"}]})
    missing = {(cell.stage, cell.segment) for cell in find_coverage(library).uncovered_cells}
    assert {("adoption", "smb"), ("renewal", "enterprise"), ("trial", "smb")} <= missing
    assert not {("adoption", "enterprise"), ("renewal", "smb"), ("onboarding", "mid-market")} & missing
    assert not any(stage == "churned" for stage, _ in missing)


async def test_drift_counts_runs_on_older_versions_and_compares_days(world: World) -> None:
    """Row 4.28."""
    book = Book(world.database, world.now)
    await world.start({"key": "one"}, {"key": "two", "due": "2d"})
    playbook = use_playbook(world.library, {"key": "one"}, {"key": "two", "due": "4d"})
    other = await book.account("globex", {MemberRole.CSM: world.eve.member_id})
    async with world.database.transaction() as session:
        await start_run(session, world.library, other, playbook.key, world.now, actor=world.dana)
    async with world.database.reading() as reader:
        drift = await load_drift(reader, playbook, world.now)
    assert (drift.runs, drift.older) == (2, 1)
    assert [step.planned_day for step in drift.steps] == [0, 3]


async def test_tasks_and_the_export_list_the_same_dated_steps(world: World) -> None:
    """Row 0.12."""
    await world.start({"key": "one"}, {"key": "two", "due": "4d"}, {"key": "leos", "role": "ae", "due": "90d"})
    async with world.database.reading() as reader:
        mine = await load_tasks(reader, world.maya, world.now, 30)
        everything = await load_steps_table(reader)
        leos = await load_steps_table(reader, email="leo@ours.example", account_id=world.account_id)
    assert [(task.due_on, task.title) for task in mine.tasks] == [(date(2026, 3, 2), "One"), (date(2026, 3, 6), "Two")]
    assert [row[4] for row in everything.rows] == ["One", "Two", "Leos"]
    assert [row[7] for row in leos.rows] == ["leo@ours.example"]


# --- as files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, migrated_sqlite: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_copy(migrated_sqlite, tmp_path))
    Path("team.csv").write_text("email,name,role\nmaya@ours.example,Maya Lindt,csm\n")
    Path("book.csv").write_text("key,name,csm,arr,segment\nacme,=Acme(),maya@ours.example,120000,smb\n")
    assert cli.run(["members", "import", "team.csv"]) == 0
    assert cli.run(["accounts", "import", "book.csv"]) == 0
    return tmp_path


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.usefixtures("own_logging")
def test_the_report_is_exported_as_csv(files: Path) -> None:
    """Row 0.14."""
    assert cli.run(["report", "--by", "csm", "--csv", "report.csv"]) == 0
    first = rows_of(files / "report.csv")[0]
    assert (first["CSM"], first["accounts"], first["ARR USD"]) == ("Maya Lindt", "1", "120000")


@pytest.mark.usefixtures("own_logging")
def test_steps_are_exported_as_csv_and_no_cell_is_a_formula(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 0.12."""
    assert cli.run(["playbooks", "start", "qbr", "--where", "account.key == 'acme'"]) == 0
    assert cli.run(["steps", "export", "steps.csv", "--member", "maya@ours.example"]) == 0
    assert {row["name"] for row in rows_of(files / "steps.csv")} == {"'=Acme()"}
    assert "rows written to steps.csv" in capsys.readouterr().out


@pytest.mark.usefixtures("own_logging")
def test_the_grid_the_coverage_and_the_review_are_printed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows 1.44, 3.6 and 4.48."""
    assert files.is_dir()
    assert cli.run(["playbooks", "grid"]) == 0
    assert "qbr" in capsys.readouterr().out
    assert cli.run(["playbooks", "grid", "--team", "--csv", "grid.csv"]) == 0
    assert cli.run(["playbooks", "coverage"]) == 0
    assert "stages of segments have a playbook." in capsys.readouterr().out
    assert cli.run(["report", "--review", "--quarter", "2026-Q3"]) == 0
    assert "# Review of 2026-Q3" in capsys.readouterr().out


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["report", "--by", "planet"], 2),
        (["report", "--review", "--quarter", "soon"], 1),
        (["report", "--csv", "nowhere/report.csv"], 1),
        (["steps", "export", "steps.csv", "--account", "nobody"], 1),
    ],
)
def test_what_cannot_be_exported_is_one_line(
    files: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert files.is_dir()
    capsys.readouterr()
    assert cli.run(arguments) == code
    assert len(capsys.readouterr().err.splitlines()) == 1
