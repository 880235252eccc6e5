"""/playbook drift KEY [DAYS]."""

from bot.errors import InvalidInput
from bot.reports.leading.drift import load_drift
from bot.reports.playbooks import find_playbook
from bot.slack.leading.drift import build_drift
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked, require_leader


async def show_drift(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    asked = parse_asked(text, days=365)
    if not asked.words:
        raise InvalidInput("Say which playbook: `/playbook drift KEY`. `/playbook list` shows them all.")
    playbook = find_playbook(call.services.library, asked.words)
    async with call.services.database.reading() as connection:
        drift = await load_drift(connection, playbook, call.now, asked.days)
    message = build_drift(drift, asked.page)
    await call.say(message.text, message.blocks)
