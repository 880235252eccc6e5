"""The buttons below a leader's glance at the team: each opens one list."""

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.reports.leading.bottlenecks import load_bottlenecks
from bot.reports.leading.glance import load_at_risk, load_overdue
from bot.reports.leading.report import load_report
from bot.slack.leading.bottlenecks import build_bottlenecks
from bot.slack.leading.glance import build_at_risk, build_drill, build_overdue
from bot.slack.leading.report import build_report
from handlers.call import ActionCall
from handlers.commands.leading import require_leader


async def handle_drill_overdue(call: ActionCall) -> None:
    require_leader(call.actor)
    async with call.services.database.reading() as connection:
        rows = await load_overdue(connection, call.now, call.actor.timezone)
    await call.open_modal(build_overdue(rows, local_date(call.now, call.actor.timezone)))


async def handle_drill_at_risk(call: ActionCall) -> None:
    require_leader(call.actor)
    async with call.services.database.reading() as connection:
        rows = await load_at_risk(connection, call.services.library, call.now, call.actor.timezone)
    await call.open_modal(build_at_risk(rows, local_date(call.now, call.actor.timezone)))


async def handle_drill_report(call: ActionCall) -> None:
    require_leader(call.actor)
    services = call.services
    async with services.database.reading() as connection:
        report = await load_report(reading_session(connection), services.library, services.settings, call.now)
    await call.open_modal(build_drill("Report", build_report(report)))


async def handle_drill_bottlenecks(call: ActionCall) -> None:
    require_leader(call.actor)
    async with call.services.database.reading() as connection:
        found = await load_bottlenecks(connection, call.now)
    await call.open_modal(build_drill("Bottlenecks", build_bottlenecks(found)))
