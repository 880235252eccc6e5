"""/playbook suggest KEY TEXT and /playbook suggestions."""

from bot.db import reading_session
from bot.engine.suggestions import suggest
from bot.errors import InvalidInput
from bot.reports.leading.suggestions import load_suggestions
from bot.reports.playbooks import find_playbook
from bot.slack.blocks import Message
from bot.slack.incoming import as_typed, first_word
from bot.slack.leading.suggestions import build_suggestions
from bot.slack.text import label
from handlers.call import ActionCall, Call, CommandCall

USAGE = "Say which playbook, and what to change: `/playbook suggest onboarding ask for the admin before the kick-off`."


async def suggest_change(call: CommandCall, text: str) -> None:
    key, body = first_word(as_typed(text))
    if not key or not body:
        raise InvalidInput(USAGE)
    playbook = find_playbook(call.services.library, key)
    async with call.changing() as session:
        await suggest(session, playbook.key, call.actor, call.now, body=body)
    await call.say(f"Noted for *{label(playbook.title)}*. You will hear what becomes of it at the monthly tuning.")


async def show_suggestions(call: CommandCall, text: str) -> None:
    if text and not text.isdecimal():
        raise InvalidInput("`/playbook suggestions` shows what is open, `/playbook suggestions 2` the second page.")
    message = await _suggestions(call, int(text or 1))
    await call.say(message.text, message.blocks)


async def redraw_suggestions(call: ActionCall, said: str) -> None:
    message = await _suggestions(call, 1, said)
    await call.redraw(message.text, message.blocks)


async def _suggestions(call: Call, page: int, said: str | None = None) -> Message:
    async with call.services.database.reading() as connection:
        found = await load_suggestions(reading_session(connection), call.services.library, call.actor, call.now, page)
    return build_suggestions(found, said)
