"""Several processes over one database: what is noticed, decided and asked once. Rows 2.3 and 4.26."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from bot.clock import FixedClock
from bot.db import Database
from bot.engine.governance.deciding import approve_version
from bot.engine.governance.syncing import sync_versions
from bot.engine.runs import start_run
from bot.errors import PlaycallError, WrongState
from bot.library.contents import store_version
from bot.library.library import Library
from bot.models import DeliveryKind, PlaybookEntry, PlaybookVersion, Run, VersionStatus
from bot.schedule.library_watch import LibraryWatch
from bot.services import Services
from bot.settings import Settings
from tests.support.world import World, use_playbook

FILE = """
key: renewal-call
title: {title}
category: lifecycle
summary: Call before the renewal.
success: They renew.
steps:
  - key: call
    title: Call them
    due: 0d
"""


async def sync(world: World, library: Library) -> int:
    async with world.database.transaction() as session:
        return await sync_versions(session, library, world.now)


async def approved(world: World) -> list[tuple[str, int]]:
    async with world.database.transaction() as session:
        query = select(PlaybookVersion.key, PlaybookVersion.version).where(
            PlaybookVersion.status == VersionStatus.APPROVED
        )
        return list((await session.exec(query.order_by(col(PlaybookVersion.key)))).all())


async def the_draft(world: World) -> int:
    async with world.database.transaction() as session:
        query = select(PlaybookVersion.id).where(PlaybookVersion.status == VersionStatus.DRAFT)
        return (await session.exec(query)).one()


async def test_two_processes_compare_at_once_and_the_owner_is_asked_once(world: World, tmp_path: Path) -> None:
    other = Library(tmp_path)
    for library in (world.library, other):
        use_playbook(library, {"key": "one"})
    await asyncio.gather(sync(world, world.library), sync(world, other))
    assert await approved(world) == [("test-play", 1)]
    for library in (world.library, other):
        use_playbook(library, {"key": "one"}, {"key": "two"})
    await asyncio.gather(sync(world, world.library), sync(world, other))
    assert len(await world.deliveries(kind=DeliveryKind.VERSION_DRAFT)) == 1
    assert await the_draft(world)


async def test_another_process_starts_what_was_approved_in_the_next_moment(world: World, tmp_path: Path) -> None:
    other = Library(tmp_path)
    use_playbook(other, {"key": "one"})
    use_playbook(world.library, {"key": "one"})
    await sync(world, world.library)
    use_playbook(world.library, {"key": "one"}, {"key": "two"})
    await sync(world, world.library)
    draft = await the_draft(world)
    async with world.database.transaction() as session:
        await approve_version(session, draft, world.dana, world.now)
    async with world.database.transaction() as session:
        run = await start_run(session, other, world.account_id, "test-play", world.now, actor=world.maya)
    assert run.playbook_version_id == draft


async def test_two_leaders_approve_at_once_and_one_of_them_was_first(world: World) -> None:
    use_playbook(world.library, {"key": "one"})
    await sync(world, world.library)
    use_playbook(world.library, {"key": "one"}, {"key": "two"})
    await sync(world, world.library)
    draft = await the_draft(world)

    async def approve() -> bool:
        async with world.database.transaction() as session:
            return (await approve_version(session, draft, world.dana, world.now)).changed

    assert sorted(await asyncio.gather(approve(), approve())) == [False, True]
    assert await approved(world) == [("test-play", 2)]
    assert len(await world.deliveries(kind=DeliveryKind.VERSION_NEWS)) == 1


async def test_a_library_that_was_never_compared_takes_its_files_as_approved(world: World) -> None:
    use_playbook(world.library, {"key": "one"})
    async with world.database.reading() as reader:
        await world.library.refresh(reader)
    assert not world.library.standing.governs
    assert list(world.library.current) == ["test-play"]


async def test_looking_again_when_nothing_was_decided_is_one_statement(world: World) -> None:
    use_playbook(world.library, {"key": "one"})
    await sync(world, world.library)
    asked: list[str] = []
    async with world.database.reading() as reader:
        await world.library.refresh(reader)
        connection = reader.sync_connection
        assert connection is not None
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2]))
        await world.library.refresh(reader)
    assert len(asked) == 1


async def test_what_was_taken_back_is_not_believed(world: World) -> None:
    """A refresh inside a transaction that is rolled back sees an entry that never was."""
    use_playbook(world.library, {"key": "one"})
    await sync(world, world.library)
    use_playbook(world.library, {"key": "one"}, {"key": "two"})
    await sync(world, world.library)
    draft = await the_draft(world)
    with pytest.raises(WrongState):
        async with world.database.transaction() as session:
            await approve_version(session, draft, world.dana, world.now)
            await session.flush()
            await world.library.refresh(await session.connection())
            raise WrongState
    async with world.database.reading() as reader:
        await world.library.refresh(reader)
    assert len(world.library.playbook("test-play").steps) == 1


async def test_versions_from_before_approvals_are_sorted_out_by_the_first_comparison(world: World) -> None:
    use_playbook(world.library, {"key": "one"})
    async with world.database.transaction() as session:
        await start_run(session, world.library, world.account_id, "test-play", world.now, actor=world.maya)
    use_playbook(world.library, {"key": "one"}, {"key": "two"})
    async with world.database.transaction() as session:
        await store_version(session, world.library.catalog.playbooks["test-play"], world.now)
    assert await sync(world, world.library) == 1
    assert await approved(world) == [("test-play", 2)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "lifecycle").mkdir()
    return tmp_path


def services_of(database: Database, home: Path, clock: FixedClock) -> Services:
    library = Library(home)
    library.load()
    return Services(Settings(_env_file=None), database, library, clock, lambda: None)


def write(home: Path, title: str) -> None:
    path = home / "lifecycle" / "renewal-call.yaml"
    path.write_text(FILE.format(title=title))
    os.utime(path, ns=(1, len(title)))  # another time than before, whatever the clock of the machine can tell apart


async def test_an_edited_file_becomes_a_draft_and_is_noticed_once(world: World, home: Path, clock: FixedClock) -> None:
    write(home, "Renewal call")
    services, watch = services_of(world.database, home, clock), LibraryWatch()
    assert await watch.look(services, world.now) == 1
    assert await watch.look(services, world.now) == 0
    write(home, "The renewal call")
    assert await watch.look(services, world.now + timedelta(seconds=3)) == 1
    assert await watch.look(services, world.now + timedelta(seconds=6)) == 0
    assert services.library.playbook("renewal-call").title == "Renewal call"
    assert len(await world.deliveries(kind=DeliveryKind.VERSION_DRAFT)) == 1


async def test_a_file_that_breaks_is_left_out_and_the_rest_is_compared(
    world: World, home: Path, clock: FixedClock
) -> None:
    write(home, "Renewal call")
    services, watch = services_of(world.database, home, clock), LibraryWatch()
    await watch.look(services, world.now)
    (home / "lifecycle" / "renewal-call.yaml").write_text("key: [")
    (home / "lifecycle" / "other-call.yaml").write_text(
        FILE.format(title="Other").replace("renewal-call", "other-call")
    )
    assert await watch.look(services, world.now) == 1
    assert list(services.library.current) == ["renewal-call"]
    with pytest.raises(PlaycallError, match="is new and waits for the approval of a leader"):
        services.library.playbook("other-call")


async def test_comparing_again_writes_nothing(world: World) -> None:
    use_playbook(world.library, {"key": "one"})
    await sync(world, world.library)
    assert [await sync(world, world.library) for _ in range(3)] == [0, 0, 0]
    async with world.database.transaction() as session:
        assert (await session.exec(select(func.count(col(PlaybookEntry.id))))).one() == 1
        assert (await session.exec(select(Run))).all() == []
