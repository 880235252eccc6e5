"""/playbook rules [page N], rules KEY, and rules on KEY, rules off KEY for leaders."""

from bot.engine.rules.standing import let_act, require_rule, switch_off
from bot.errors import InvalidInput
from bot.reports.rules import load_rule_card, load_rule_table
from bot.slack.incoming import first_word
from bot.slack.rule_views import build_rule_card, build_rule_table
from bot.slack.text import escape
from handlers.call import CommandCall
from handlers.commands.leading import split_page


async def show_rules(call: CommandCall, text: str) -> None:
    words, page = split_page(text)
    word, key = first_word(words)
    if not words:
        await _list(call, page)
    elif word in {"on", "off"}:
        await _switch(call, key, on=word == "on")
    else:
        await _show(call, words)


async def _list(call: CommandCall, page: int) -> None:
    async with call.services.database.reading() as connection:
        table = await load_rule_table(connection, call.services.library)
    message = build_rule_table(table, page, leads=call.actor.leads)
    await call.say(message.text, message.blocks)


async def _show(call: CommandCall, key: str) -> None:
    library = call.services.library
    rule = require_rule(library, key.lower())
    async with call.services.database.reading() as connection:
        card = await load_rule_card(connection, library, rule, call.now)
    message = build_rule_card(card, leads=call.actor.leads)
    await call.say(message.text, message.blocks)


async def _switch(call: CommandCall, key: str, *, on: bool) -> None:
    if not key:
        raise InvalidInput("Say which rule: `/playbook rules on KEY`. `/playbook rules` shows them all.")
    use_case = let_act if on else switch_off
    async with call.changing() as session:
        change = await use_case(session, call.services.library, key.lower(), call.actor, call.now)
    await call.say(escape(change.sentence))
