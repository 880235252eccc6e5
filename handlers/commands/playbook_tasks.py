"""/playbook tasks [30d] [page N]: one's own steps as a dated list."""

from bot.errors import InvalidInput
from bot.reports.tasks import load_tasks
from bot.slack.tasks import build_tasks
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked


async def show_tasks(call: CommandCall, text: str) -> None:
    asked = parse_asked(text, days=30)
    if asked.words:
        raise InvalidInput(
            "`/playbook tasks` shows your steps of the next 30 days, `/playbook tasks 60d` of the next 60."
        )
    async with call.services.database.reading() as connection:
        found = await load_tasks(connection, call.actor, call.now, asked.days)
    message = build_tasks(found, asked.page)
    await call.say(message.text, message.blocks)
