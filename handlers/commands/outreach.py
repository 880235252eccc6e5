"""/account outreach and /playbook outreach: what is about to reach customers."""

from bot.db import reading_session
from bot.models import Account
from bot.reports.outreach import load_account_outreach, load_own_outreach
from bot.slack.outreach import build_outreach
from handlers.call import CommandCall
from handlers.commands.subcommand import named_account


async def show_account_outreach(call: CommandCall, text: str) -> None:
    head = await named_account(call, text, "outreach")
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        account = await session.get_one(Account, head.id)
        page = await load_account_outreach(session, call.services.library, account, call.actor, call.now)
    message = build_outreach(page)
    await call.say(message.text, message.blocks)


async def show_own_outreach(call: CommandCall, _: str) -> None:
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        page = await load_own_outreach(session, call.services.library, call.actor, call.now)
    message = build_outreach(page)
    await call.say(message.text, message.blocks)
