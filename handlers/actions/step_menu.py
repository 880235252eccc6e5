from collections.abc import Awaitable, Callable, Mapping

from bot.db import reading_session
from bot.reports.step_forms import load_colleagues, load_details, load_helpers, load_step
from bot.slack.details_modal import build_details_modal
from bot.slack.payloads import MenuChoice, MenuItem, unpack
from bot.slack.step_modals import (
    NOT_APPLICABLE,
    SKIP,
    build_block_modal,
    build_reason_modal,
    build_reassign_modal,
)
from handlers.call import ActionCall
from handlers.step_heads import open_step_head


async def handle_step_menu(call: ActionCall) -> None:
    """The menu of a step: each item opens a modal."""
    choice = unpack(MenuChoice, call.chosen)
    await ITEMS[choice.item](call, choice)


async def open_details(call: ActionCall, choice: MenuChoice) -> None:
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        details = await load_details(session, call.services.library, choice.step, call.actor, call.now)
    await call.open_modal(build_details_modal(details))


async def open_skip(call: ActionCall, choice: MenuChoice) -> None:
    await call.open_modal(build_reason_modal(await open_step_head(call, choice), SKIP))


async def open_not_applicable(call: ActionCall, choice: MenuChoice) -> None:
    await call.open_modal(build_reason_modal(await open_step_head(call, choice), NOT_APPLICABLE))


async def open_block(call: ActionCall, choice: MenuChoice) -> None:
    head = await open_step_head(call, choice)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, choice.step)
        helpers = await load_helpers(session, found.account.id, but=call.actor.member_id)
        known = {helper.member_id for helper in helpers}
        others = [c for c in await load_colleagues(session, but=call.actor.member_id) if c.member_id not in known]
    await call.open_modal(build_block_modal(head, helpers, others))


async def open_reassign(call: ActionCall, choice: MenuChoice) -> None:
    head = await open_step_head(call, choice)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, choice.step)
        colleagues = await load_colleagues(session, but=found.step.assignee_id)
    await call.open_modal(build_reassign_modal(head, colleagues))


ITEMS: Mapping[MenuItem, Callable[[ActionCall, MenuChoice], Awaitable[None]]] = {
    MenuItem.DETAILS: open_details,
    MenuItem.SKIP: open_skip,
    MenuItem.NOT_APPLICABLE: open_not_applicable,
    MenuItem.BLOCK: open_block,
    MenuItem.REASSIGN: open_reassign,
}
