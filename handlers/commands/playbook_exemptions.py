"""/playbook exempt and exemptions."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.engine.governance.exemptions import end_exemption
from bot.errors import InvalidInput
from bot.reports.exemptions import load_exemptions
from bot.reports.finding import find_account_and_rest, require_named
from bot.reports.playbooks import find_playbook
from bot.slack.exemption_views import build_exemption_list
from bot.slack.incoming import first_word
from bot.slack.payloads import ExemptionForm
from bot.slack.text import plain
from handlers.call import CommandCall
from handlers.exempting import END, open_exemption_form

USAGE = "Say which playbook and which account: `/playbook exempt KEY ACCOUNT`."


async def exempt_account(call: CommandCall, text: str) -> None:
    """Open the form; with `end` behind the account, end what is in force."""
    key, rest = first_word(text)
    if not key or not rest:
        raise InvalidInput(USAGE)
    library = call.services.library
    playbook = find_playbook(library, key)
    async with call.services.database.glance() as reader:
        found, word = await find_account_and_rest(reader, rest)
        account = require_named(found).account
    if word.lower() == END:
        async with call.changing() as session:
            change = await end_exemption(session, library, account.id, call.actor, call.now, playbook_key=playbook.key)
        await call.say(plain(change.sentence))
        return
    await open_exemption_form(call, account, ExemptionForm(account=account.id, playbook=playbook.key), playbook.title)


async def list_exemptions(call: CommandCall, _: str) -> None:
    async with call.services.database.reading() as connection:
        cards = await load_exemptions(reading_session(connection), call.services.library, call.now)
    message = build_exemption_list(cards, local_date(call.now, call.actor.timezone))
    await call.say(message.text, message.blocks)
