"""/playbook report [by csm|segment|stage] [DAYS] [page N]."""

from bot.db import reading_session
from bot.errors import InvalidInput
from bot.reports.leading.report import load_report
from bot.slack.leading.report import By, build_report
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked, require_leader

USAGE = "`/playbook report by csm`, `by segment` or `by stage`; a number of days may follow: `by segment 30`."


async def show_report(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    asked = parse_asked(text, days=90)
    word = asked.words.removeprefix("by").strip() or By.CSM
    if word not in set(By):
        raise InvalidInput(USAGE)
    services = call.services
    async with services.database.reading() as connection:
        report = await load_report(
            reading_session(connection), services.library, services.settings, call.now, by=By(word), days=asked.days
        )
    message = build_report(report, asked.page)
    await call.say(message.text, message.blocks)
