"""/playbook report [outcomes|renewals] [by csm|segment|stage] [DAYS] [page N]."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.errors import InvalidInput
from bot.reports.leading.outcomes import load_outcomes
from bot.reports.leading.renewals import load_coming_renewals
from bot.reports.leading.report import load_report
from bot.slack.leading.outcomes import build_outcomes
from bot.slack.leading.renewals import build_renewals
from bot.slack.leading.report import By, build_report
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked, require_leader

USAGE = (
    "`/playbook report by csm`, `by segment` or `by stage`; a number of days may follow: `by segment 30`. "
    "`/playbook report outcomes` and `/playbook report renewals` tell what became of customers."
)


async def show_report(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    asked = parse_asked(text, days=90)
    what, _, rest = asked.words.partition(" ")
    if what == "renewals" and not rest:
        await _show_renewals(call, asked.page)
        return
    if what == "outcomes":
        await _show_outcomes(call, _group_named(rest, By.SEGMENT), asked.page)
        return
    services, by = call.services, _group_named(asked.words, By.CSM)
    async with services.database.reading() as connection:
        report = await load_report(
            reading_session(connection), services.library, services.settings, call.now, by=by, days=asked.days
        )
    message = build_report(report, asked.page)
    await call.say(message.text, message.blocks)


def _group_named(words: str, default: By) -> By:
    word = words.removeprefix("by").strip() or default
    if word not in set(By):
        raise InvalidInput(USAGE)
    return By(word)


async def _show_outcomes(call: CommandCall, by: By, page: int) -> None:
    async with call.services.database.reading() as connection:
        report = await load_outcomes(connection, call.services.library, call.now, by=by)
    message = build_outcomes(report, page)
    await call.say(message.text, message.blocks)


async def _show_renewals(call: CommandCall, page: int) -> None:
    async with call.services.database.reading() as connection:
        rows = await load_coming_renewals(connection, call.services.library, call.now)
    message = build_renewals(rows, local_date(call.now, call.actor.timezone), page)
    await call.say(message.text, message.blocks)
