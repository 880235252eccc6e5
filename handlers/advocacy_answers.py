"""How what came of an ask is asked for and shown."""

from bot.db import reading_session
from bot.engine.advocacy import AskChange
from bot.models import AskStatus
from bot.reports.advocates import load_ask
from bot.slack.advocates import build_answer_modal, build_ask_message
from bot.slack.payloads import AskRef, unpack
from handlers.call import ActionCall
from handlers.commands.account_success import advocates_message


async def open_answer(call: ActionCall, status: AskStatus) -> None:
    ref = unpack(AskRef, call.chosen)
    async with call.services.database.reading() as connection:
        ask = await load_ask(reading_session(connection), ref.ask, call.actor, call.now)
    await call.open_modal(build_answer_modal(ask, status))


async def show_answer(call: ActionCall, ref: AskRef, change: AskChange) -> None:
    """Draw the private message anew in which the click was: a page of advocates, or the ask alone."""
    if ref.page is not None:
        page = await advocates_message(call, change.ask.account_id, ref.page)
        await call.redraw(page.text, page.blocks)
        return
    async with call.services.database.reading() as connection:
        ask = await load_ask(reading_session(connection), ref.ask, call.actor, call.now)
    message = build_ask_message(ask, change.sentence)
    await call.redraw(message.text, message.blocks)
