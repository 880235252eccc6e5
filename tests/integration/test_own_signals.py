"""What Playcall itself keeps as signals: ARR at each change and 0 at churn, sponsors who come and go (row 1.27)."""

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, select

from bot.engine.accounts import AccountDraft, ContactDraft, add_account, edit_account, save_contact
from bot.imports.accounts import Accounts
from bot.imports.contacts import Contacts
from bot.imports.importing import Entity, Options, import_file
from bot.library.library import Library
from bot.models import DueEvaluation, Signal
from tests.support.world import World


async def kept(world: World, kind: str) -> Sequence[tuple[float | None, str | None]]:
    async with world.database.transaction() as session:
        query = select(Signal.number, Signal.label).where(Signal.kind == kind).order_by(col(Signal.id))
        return (await session.exec(query)).all()


async def waiting(world: World) -> list[int]:
    async with world.database.transaction() as session:
        return list((await session.exec(select(DueEvaluation.account_id))).all())


async def edit(world: World, **changes: object) -> None:
    async with world.database.transaction() as session:
        await edit_account(session, world.library, world.account_id, changes, world.maya, world.now)


async def test_arr_is_kept_at_each_change_and_is_0_once_the_account_churned(world: World) -> None:
    await edit(world, arr=90_000)
    await edit(world, country="DE")
    await edit(world, stage="churned")
    await edit(world, arr=95_000)  # what it was worth does not bring it back
    await edit(world, stage="adoption")

    assert await kept(world, "arr") == [(90_000, None), (0, None), (95_000, None)]
    assert await waiting(world) == [world.account_id]


async def test_a_new_account_begins_with_its_arr(world_on_sqlite: World) -> None:
    world = world_on_sqlite
    async with world.database.transaction() as session:
        draft = AccountDraft(key="hooli", name="Hooli", arr=50_000)
        account = await add_account(session, world.library, draft, world.maya, world.now)

    assert await kept(world, "arr") == [(50_000, None)]
    assert await waiting(world) == [account.id]


async def test_a_sponsor_who_comes_and_goes_is_a_signal(world_on_sqlite: World) -> None:
    """row 1.27"""
    world = world_on_sqlite
    for roles in (["executive_sponsor"], ["executive_sponsor", "champion"], ["champion"]):
        async with world.database.transaction() as session:
            draft = ContactDraft.model_validate({"name": "Jane Doe", "email": "jane@acme.example", "roles": roles})
            await save_contact(
                session, world.library, world.account_id, draft, world.maya, world.now, only_these_roles=True
            )

    assert await kept(world, "sponsor_change") == [(None, "joined"), (None, "left")]
    assert await waiting(world) == [world.account_id]


async def test_imports_keep_the_same_signals(world_on_sqlite: World) -> None:
    world = world_on_sqlite
    await _import(world, Accounts(Library(Path("nowhere"))), "key,name,arr,stage\nacme,Acme,80000,\nhooli,Hooli,10,\n")
    await _import(world, Accounts(Library(Path("nowhere"))), "key,name,stage\nacme,Acme,churned\n")
    await _import(world, Contacts(world.library), "account,name,email,roles\nacme,Jane Doe,jane@acme.example,sponsor\n")

    assert await kept(world, "arr") == [(10, None), (80_000, None), (0, None)]
    assert await kept(world, "sponsor_change") == [(None, "joined")]
    assert len(await waiting(world)) == 2


async def _import(world: World, entity: Entity, text: str) -> None:
    options = Options("book.csv")
    await import_file(
        world.database, entity, text.encode(), options, world.now, lambda _name, _total: lambda _count: None
    )
