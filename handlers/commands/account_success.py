"""/account plan and advocates."""

import re

from bot.db import reading_session
from bot.engine.calendars import local_date
from bot.engine.objectives import ObjectiveFields, add_objective
from bot.errors import InvalidInput
from bot.reports.account_head import AccountHead
from bot.reports.advocates import load_advocates
from bot.reports.success_plan import load_plan
from bot.slack.account_help import usage
from bot.slack.advocates import build_advocates_message
from bot.slack.blocks import Message, section
from bot.slack.objective_arguments import parse_objective
from bot.slack.success_plan import build_plan_message
from bot.slack.text import label
from handlers.call import Call, CommandCall
from handlers.commands.subcommand import account_and_rest

_ADD = re.compile(r"(?is)add\b\s*(?P<objective>.*)")


async def show_or_extend_plan(call: CommandCall, text: str) -> None:
    """The plan, a page of it, or an objective added in one line."""
    account, rest = await account_and_rest(call, text, "plan")
    if match := _ADD.fullmatch(rest):
        await _add_in_a_line(call, account, match["objective"])
        return
    message = await plan_message(call, account.id, _page(rest, "plan"))
    await call.say(message.text, message.blocks)


def _page(rest: str, subcommand: str) -> int:
    if rest and not (rest.isdecimal() and len(rest) < 5):
        raise InvalidInput(usage(subcommand))
    return int(rest or 1)


async def _add_in_a_line(call: CommandCall, account: AccountHead, words: str) -> None:
    given = parse_objective(words, local_date(call.now, call.actor.timezone))
    fields = ObjectiveFields(given.title, measure=given.measure, target=given.target, due_on=given.due_on)
    async with call.changing() as session:
        objective = await add_objective(session, account.id, fields, call.actor, call.now)
    message = await plan_message(call, account.id, 1)
    news = f"Added “{label(objective.title, 300)}”."
    await call.say(f"{news} {message.text}", [section(news), *message.blocks])


async def plan_message(call: Call, account_id: int, page: int) -> Message:
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        view = await load_plan(session, call.services.library, account_id, call.actor, call.now, page)
    return build_plan_message(view)


async def show_advocates(call: CommandCall, text: str) -> None:
    account, rest = await account_and_rest(call, text, "advocates")
    message = await advocates_message(call, account.id, _page(rest, "advocates"))
    await call.say(message.text, message.blocks)


async def advocates_message(call: Call, account_id: int, page: int) -> Message:
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        view = await load_advocates(session, call.services.library, account_id, call.actor, call.now, page)
    return build_advocates_message(view)
