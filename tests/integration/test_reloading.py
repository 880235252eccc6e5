"""Files that change while the processes run: taken up without a restart, or kept as they were when they are broken."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.db import Database
from bot.doctor import look_at_runs
from bot.engine.runs import start_run
from bot.engine.steps import complete_step
from bot.errors import ConfigurationError, NotFound
from bot.library.library import Library
from bot.library.loading import playbook_files
from bot.schedule.reloading import reload_changed
from tests.support.world import World, make_world
from tests.unit.test_playbook_loading import GOOD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "playbooks/lifecycle").mkdir(parents=True)
    (tmp_path / "playbooks/groups").mkdir()
    (tmp_path / "templates/email/welcome").mkdir(parents=True)
    (tmp_path / "playbooks/lifecycle/good.yaml").write_text(GOOD)
    return tmp_path


@pytest.fixture
def library(home: Path) -> Library:
    library = Library(home / "playbooks", home / "templates")
    library.load()
    return library


def write(home: Path, text: str, name: str = "lifecycle/good.yaml") -> None:
    (home / "playbooks" / name).write_text(text)


async def test_nothing_is_loaded_while_nothing_changed(library: Library) -> None:
    before = library.catalog
    assert not await reload_changed(library)
    assert library.catalog is before


async def test_a_changed_file_is_taken_up(home: Path, library: Library) -> None:
    write(home, GOOD.replace("title: Good", "title: Better"))
    assert await reload_changed(library)
    assert library.playbook("good").title == "Better"
    assert not await reload_changed(library)


async def test_a_new_file_is_taken_up_and_a_deleted_one_dropped(home: Path, library: Library) -> None:
    write(home, GOOD.replace("key: good", "key: more"), "lifecycle/more.yaml")
    assert await reload_changed(library)
    assert sorted(library.catalog.playbooks) == ["good", "more"]
    (home / "playbooks/lifecycle/good.yaml").unlink()
    assert await reload_changed(library)
    assert sorted(library.catalog.playbooks) == ["more"]


async def test_a_changed_group_changes_the_playbooks_that_include_it(home: Path, library: Library) -> None:
    group = "key: calls\ntitle: C\nsummary: S\nsteps:\n  - {key: call, title: Call, due: 1d}\n"
    write(home, group, "groups/calls.yaml")
    write(home, f"{GOOD}  - include: calls\n")
    assert await reload_changed(library)
    write(home, group.replace("Call", "Ring them"), "groups/calls.yaml")
    assert await reload_changed(library)
    assert library.playbook("good").step("call").title == "Ring them"


async def test_a_changed_email_is_taken_up(home: Path, library: Library) -> None:
    (home / "templates/email/welcome/hello.j2").write_text("Subject: Hello\n\nDear friend\n")
    assert await reload_changed(library)
    assert library.emails.find("welcome/hello").body == "Dear friend\n"


async def test_a_file_that_was_broken_stays_as_it_was_and_its_mistake_is_reported(home: Path, library: Library) -> None:
    write(home, GOOD.replace("due: 1bd", "due: soon!"))
    for _ in range(2):  # a second change elsewhere does not drop it either
        write(home, GOOD.replace("key: good", "key: other"), "lifecycle/other.yaml")
        assert await reload_changed(library)
        assert str(library.playbook("good").step("first").due) == "1bd"
        assert str(library.catalog.source("good", ("steps", 0, "due"))) == "lifecycle/good.yaml:9"
        (problem,) = library.catalog.problems
        assert str(problem).startswith("lifecycle/good.yaml:9 steps[0].due: expected an offset")
    write(home, GOOD.replace("due: 1bd", "due: 2bd"))
    assert await reload_changed(library)
    assert (str(library.playbook("good").step("first").due), library.catalog.problems) == ("2bd", ())


async def test_a_file_that_never_was_in_order_cannot_be_started(home: Path, library: Library) -> None:
    write(home, "key: [", "lifecycle/bad.yaml")
    assert await reload_changed(library)
    with pytest.raises(NotFound, match=r"has a mistake and cannot be started: lifecycle/bad\.yaml:1"):
        library.playbook("bad")


async def test_a_broken_configuration_is_told_once_and_changed_playbooks_are_taken_up(
    home: Path, library: Library
) -> None:
    write(home, "acknowledge_within_hours: soon\n", "escalation.yaml")
    write(home, GOOD.replace("title: Good", "title: Better"))
    policy = library.escalation_policy
    with pytest.raises(ConfigurationError, match=r"escalation\.yaml"):
        library.reload_if_changed()
    assert (library.playbook("good").title, library.escalation_policy) == ("Better", policy)
    assert not library.reload_if_changed()


async def test_a_deleted_playbook_goes_on_where_it_runs_and_starts_nowhere_else(
    home: Path, library: Library, sqlite: Database, now: datetime
) -> None:
    world = await make_world(sqlite, now)
    world.library = library
    async with sqlite.transaction() as session:
        run = await start_run(session, library, world.account_id, "good", now, actor=world.maya)
    (home / "playbooks/lifecycle/good.yaml").unlink()
    assert await reload_changed(library)
    step = (await world.steps(run.id))["first"]
    async with sqlite.transaction() as session:
        await complete_step(session, library, step.id, world.maya, now)
    async with sqlite.transaction() as session:
        with pytest.raises(NotFound, match="There is no playbook `good`"):
            await start_run(session, library, world.account_id, "good", now, actor=world.maya)


async def test_the_doctor_tells_of_open_runs_of_a_playbook_without_a_file(
    home: Path, library: Library, world: World
) -> None:
    async with world.database.transaction() as session:
        await start_run(session, library, world.account_id, "good", world.now, actor=world.maya)

    async def told() -> list[str]:
        keys = {path.stem for path in playbook_files(home / "playbooks")}
        async with world.database.reading() as connection:
            return [str(finding) async for finding in look_at_runs(connection, keys)]

    assert await told() == []
    (home / "playbooks/lifecycle/good.yaml").unlink()
    (finding,) = await told()
    assert finding.startswith("warn  1 run is open of a playbook that has no file any more: good. They go on")
