"""Answering a click or a form that changed a step. Messages are redrawn by the outbox; here is what it cannot reach."""

from bot.db import reading_session
from bot.engine.steps import StepChange
from bot.reports.agenda import load_agenda
from bot.slack.agenda import build_today_message
from bot.slack.payloads import Place, StepRef
from bot.slack.text import plain
from handlers.call import ActionCall, ViewCall


async def answer_click(call: ActionCall, ref: StepRef, change: StepChange) -> None:
    """A change shows itself; that nothing changed is said, to the one who clicked."""
    if not change.changed:
        await call.say(plain(change.sentence))
    if ref.place is Place.TODAY:
        await redraw_today(call)


async def answer_form(call: ViewCall, ref: StepRef, change: StepChange) -> None:
    """The modal closes over a message that is redrawn. Where none is, and when nothing changed, it says so."""
    if not change.changed:
        await call.fail(plain(change.sentence))
    elif ref.place is Place.TODAY:
        await call.say(plain(change.sentence))


async def redraw_today(call: ActionCall) -> None:
    async with call.services.database.reading() as connection:
        agenda = await load_agenda(reading_session(connection), call.services.library, call.actor, call.now)
    message = build_today_message(agenda)
    await call.redraw(message.text, message.blocks)
