"""An overlay takes part in what starts once its owner has approved it. Rows 3.4, 3.5 and 4.26."""

from pathlib import Path

import pytest
from sqlmodel import col, select

from bot.engine.actors import Actor
from bot.engine.governance.deciding import approve_version, send_back_version
from bot.engine.governance.syncing import sync_versions
from bot.engine.runs import start_run
from bot.errors import NotAllowed
from bot.library.library import Library
from bot.library.loading import Catalog, Problem
from bot.models import DeliveryKind, DocumentKind, PlaybookVersion, Run, RunStatus, VersionStatus
from tests.support.overlays import delete_overlay, use_overlay
from tests.support.world import World, use_playbook

STEPS = ({"key": "call", "due": "1d"}, {"key": "mail", "due": "2d"})


async def sync(world: World, library: Library | None = None) -> int:
    library = library or world.library
    async with world.database.transaction() as session:
        changed = await sync_versions(session, library, world.now)
    async with world.database.reading() as reader:
        await library.refresh(reader)
    return changed


async def begin(world: World) -> None:
    """The first day: a playbook, and an overlay by which it has no mail."""
    use_playbook(world.library, *STEPS)
    use_overlay(world.library, leave_out=["mail"], owner="ae", editors=["specialist", "eve@ours.example"])
    await sync(world)


async def change(world: World) -> int:
    """The overlay's file says that the call is left out instead; returns the draft's id."""
    use_overlay(world.library, leave_out=["call"], owner="csm", editors=["csm"])
    assert await sync(world) == 1
    async with world.database.transaction() as session:
        query = select(PlaybookVersion.id).where(PlaybookVersion.status == VersionStatus.DRAFT)
        return (await session.exec(query)).one()


async def approve(world: World, version_id: int, actor: Actor) -> None:
    async with world.database.transaction() as session:
        await approve_version(session, version_id, actor, world.now)


async def started(world: World, library: Library | None = None) -> set[str]:
    """The steps of a run that is started now, and cancelled again."""
    async with world.database.transaction() as session:
        run = await start_run(
            session, library or world.library, world.account_id, "test-play", world.now, actor=world.maya
        )
        run.status = RunStatus.CANCELLED
    return set(await world.steps(run.id))


async def asked(world: World) -> list[int | None]:
    return [delivery.member_id for delivery in await world.deliveries(kind=DeliveryKind.VERSION_DRAFT)]


async def told(world: World) -> dict[int | None, str]:
    """The sentences to single people, by whom they are for."""
    notices = await world.deliveries(kind=DeliveryKind.NOTICE)
    return {delivery.member_id: delivery.payload["text"] for delivery in notices if delivery.member_id}


async def test_overlays_on_file_are_approved_on_the_first_day(world: World) -> None:
    """Row 3.4."""
    await begin(world)
    async with world.database.transaction() as session:
        query = select(PlaybookVersion.key, PlaybookVersion.kind, PlaybookVersion.status)
        found = (await session.exec(query.order_by(col(PlaybookVersion.key)))).all()
    assert list(found) == [
        ("special", DocumentKind.OVERLAY, VersionStatus.APPROVED),
        ("test-play", DocumentKind.PLAYBOOK, VersionStatus.APPROVED),
    ]
    assert await started(world) == {"call"}
    assert await sync(world) == 0


async def test_a_changed_overlay_waits_for_the_owner_of_the_one_in_use(world: World) -> None:
    """Rows 3.5 and 4.26."""
    await begin(world)
    draft = await change(world)
    assert await asked(world) == [world.leo.member_id]
    assert await started(world) == {"call"}
    await approve(world, draft, world.leo)
    assert await started(world) == {"mail"}


async def test_editors_propose_and_do_not_approve_and_hear_what_came_of_it(world: World) -> None:
    """Row 3.5."""
    await begin(world)
    draft = await change(world)
    for editor in (world.sam, world.eve):
        with pytest.raises(NotAllowed, match=r"Only the owner of the overlay \(Leo Park\) or a leader"):
            await approve(world, draft, editor)
    await approve(world, draft, world.leo)
    sentence = "Leo Park approved the change of Special: version 2 is in use now."
    assert await told(world) == {world.sam.member_id: sentence, world.eve.member_id: sentence}


async def test_editors_hear_why_a_change_was_sent_back(world: World) -> None:
    """Row 3.5."""
    await begin(world)
    draft = await change(world)
    async with world.database.transaction() as session:
        await send_back_version(session, draft, world.leo, world.now, reason="We need the call")
    assert (await told(world))[world.sam.member_id] == "Leo Park sent back the change of Special: We need the call"
    assert await started(world) == {"call"}


async def test_a_process_that_never_saw_the_approved_text_reads_it_from_the_database(
    world: World, tmp_path: Path
) -> None:
    """Row 4.26: its file is ahead of what was approved."""
    await begin(world)
    await change(world)
    other = Library(tmp_path)
    use_playbook(other, *STEPS)
    use_overlay(other, leave_out=["call"])
    assert await started(world, other) == {"call"}


async def test_a_run_under_way_stays_as_overlays_made_it(world: World) -> None:
    await begin(world)
    async with world.database.transaction() as session:
        run = await start_run(session, world.library, world.account_id, "test-play", world.now, actor=world.maya)
    await approve(world, await change(world), world.leo)
    assert set(await world.steps(run.id)) == {"call"}
    assert (await world.run(run.id)).variant_id == run.variant_id


async def test_a_new_overlay_shapes_nothing_before_it_is_approved(world: World) -> None:
    use_playbook(world.library, *STEPS)
    await sync(world)
    use_overlay(world.library, leave_out=["mail"])
    assert await sync(world) == 1
    assert await asked(world) == [world.dana.member_id]
    assert await started(world) == {"call", "mail"}


async def test_an_overlay_whose_file_breaks_goes_on_as_it_was_approved(world: World) -> None:
    await begin(world)
    await change(world)
    delete_overlay(world.library, "special")
    broken = Problem("overlays/special.yaml", 1, "", "not YAML")
    world.library.catalog = Catalog(world.library.catalog.playbooks, (broken,))
    assert await sync(world) == 0
    assert await started(world) == {"call"}


async def test_an_overlay_whose_file_is_deleted_shapes_nothing_any_more(world: World) -> None:
    await begin(world)
    delete_overlay(world.library, "special")
    await sync(world)
    assert await started(world) == {"call", "mail"}


async def test_an_approved_overlay_that_does_not_fit_the_approved_playbook_is_not_used(world: World) -> None:
    """They may never have been on file together: the mail that is changed here is gone from the playbook in use."""
    use_playbook(world.library, *STEPS)
    use_overlay(world.library, steps={"call": {"needs": ["mail"]}})
    await sync(world)
    use_playbook(world.library, STEPS[0])
    await sync(world)
    async with world.database.transaction() as session:
        query = select(PlaybookVersion.id).where(PlaybookVersion.status == VersionStatus.DRAFT)
        draft = (await session.exec(query)).one()
    await approve(world, draft, world.dana)
    assert await started(world) == {"call"}
    async with world.database.transaction() as session:
        newest = (await session.exec(select(Run).order_by(col(Run.id).desc()))).first()
        assert newest is not None
        assert newest.variant_id is None


async def test_a_rehearsal_is_shaped_by_the_overlays_in_use(world: World) -> None:
    """Not by what waits in the files of overlays."""
    await begin(world)
    await change(world)
    playbook = world.library.catalog.playbooks["test-play"]
    (overlay,) = world.library.rehearsing(playbook).overlays()
    assert overlay.leave_out == ["mail"]
