"""/playbook guardrails [page N]: what is watched, what is done; for leaders, for how many accounts it holds."""

from bot.reports.guardrails import load_guardrail_table
from bot.slack.guardrails import build_guardrail_table
from handlers.call import CommandCall
from handlers.commands.leading import split_page


async def show_guardrails(call: CommandCall, text: str) -> None:
    _, page = split_page(text)
    async with call.services.database.reading() as connection:
        table = await load_guardrail_table(connection, call.services.library, call.now, counting=call.actor.leads)
    message = build_guardrail_table(table, page)
    await call.say(message.text, message.blocks)
