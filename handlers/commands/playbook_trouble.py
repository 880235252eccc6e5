"""/playbook bottlenecks [KEY] [DAYS] and /playbook gaps."""

from bot.reports.leading.bottlenecks import load_bottlenecks
from bot.reports.leading.gaps import load_gaps
from bot.reports.playbooks import find_playbook
from bot.slack.leading.bottlenecks import build_bottlenecks
from bot.slack.leading.gaps import build_gaps
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked, require_leader


async def show_bottlenecks(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    asked = parse_asked(text, days=90)
    key = find_playbook(call.services.library, asked.words).key if asked.words else None
    async with call.services.database.reading() as connection:
        found = await load_bottlenecks(connection, call.now, key=key, days=asked.days)
    message = build_bottlenecks(found, asked.page)
    await call.say(message.text, message.blocks)


async def show_gaps(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    async with call.services.database.reading() as connection:
        report = await load_gaps(connection, call.now)
    message = build_gaps(report, parse_asked(text, days=90).page)
    await call.say(message.text, message.blocks)
