"""/playbook on, off, diff, history and move KEY."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.engine.governance.switches import switch_playbook
from bot.errors import InvalidInput
from bot.reports.playbooks import find_document, find_playbook
from bot.reports.versions import load_history, load_latest_change
from bot.slack.incoming import first_word
from bot.slack.playbook_list import build_switched
from bot.slack.version_views import build_diff, build_history
from handlers.accounts import account_named
from handlers.call import CommandCall
from handlers.moving import offer_move


async def turn_on(call: CommandCall, key: str) -> None:
    await _switch(call, key, on=True)


async def turn_off(call: CommandCall, key: str) -> None:
    await _switch(call, key, on=False)


async def _switch(call: CommandCall, key: str, *, on: bool) -> None:
    library = call.services.library
    playbook = find_playbook(library, _required(key, "on" if on else "off"))
    async with call.changing() as session:
        change = await switch_playbook(session, library, playbook.key, on, call.actor, call.now)
    await call.say(build_switched(playbook, on=on, changed=change.changed, running=change.running, waits=change.waits))


async def diff_of_draft(call: CommandCall, text: str) -> None:
    """/playbook diff KEY [PAGE]"""
    key, page = first_word(_required(text, "diff"))
    document = find_document(call.services.library, key)
    async with call.services.database.reading() as connection:
        card = await load_latest_change(reading_session(connection), document.key)
    message = build_diff(card, int(page) if page.isdecimal() else 1)
    await call.say(message.text, message.blocks)


async def show_history(call: CommandCall, key: str) -> None:
    document = find_document(call.services.library, _required(key, "history"))
    async with call.services.database.reading() as connection:
        versions, entries = await load_history(reading_session(connection), document.key, call.actor)
    today = local_date(call.now, call.actor.timezone)
    message = build_history(document.title, document.key, versions, entries, today)
    await call.say(message.text, message.blocks)


async def move_playbook(call: CommandCall, text: str) -> None:
    """/playbook move KEY [ACCOUNT]"""
    key, name = first_word(_required(text, "move"))
    playbook = find_playbook(call.services.library, key)
    account = await account_named(call, name) if name else None
    await offer_move(call, playbook.key, account)


def _required(text: str, verb: str) -> str:
    if not text:
        raise InvalidInput(f"Say which playbook: `/playbook {verb} KEY`. `/playbook list` shows them all.")
    return text
