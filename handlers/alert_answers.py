"""Answering an alert, for listeners. Messages are redrawn by the outbox; here is what it cannot reach."""

from bot.db import reading_session
from bot.engine.alert_answers import AlertChange
from bot.reports.account_head import AccountHead, load_head
from bot.reports.alerts import load_alert_head, load_open_alerts
from bot.slack.alert_message import ListOf, build_alert_list
from bot.slack.alert_modals import AlertHead
from bot.slack.blocks import Message
from bot.slack.payloads import AlertRef, Place
from bot.slack.text import plain
from handlers.call import ActionCall, Call, ViewCall


async def alert_head(call: Call, ref: AlertRef) -> AlertHead:
    async with call.services.database.reading() as connection:
        return await load_alert_head(reading_session(connection), ref, call.actor)


async def alert_list(call: Call, account: AccountHead | None = None, *, everybodys: bool = False) -> Message:
    account_id = account.id if account else None
    async with call.services.database.reading() as connection:
        cards = await load_open_alerts(
            reading_session(connection),
            call.services.library,
            call.actor,
            call.now,
            account_id=account_id,
            everybodys=everybodys,
        )
    own = "Everybody's alerts" if everybodys else "My alerts"
    return build_alert_list(cards, ListOf(f"{account.name}: alerts" if account else own, account_id, everybodys))


async def answer_click(call: ActionCall, ref: AlertRef, change: AlertChange) -> None:
    """What was started is said; a private list is drawn anew without the alert."""
    await call.say(plain(change.sentence))
    if ref.place is Place.ALERTS:
        await _redraw_list(call, ref)


async def answer_form(call: ViewCall, ref: AlertRef, change: AlertChange) -> None:
    """The modal closes over a message that is redrawn. Where none is, and when nothing changed, it says so."""
    if not change.changed:
        await call.fail(plain(change.sentence))
    elif ref.place is not Place.MESSAGE:
        await call.say(plain(change.sentence))


async def _redraw_list(call: ActionCall, ref: AlertRef) -> None:
    account = None
    if ref.account is not None:
        async with call.services.database.glance() as reader:
            account = await load_head(reader, ref.account)
    message = await alert_list(call, account, everybodys=ref.everybodys)
    await call.redraw(message.text, message.blocks)
