from bot.db import reading_session
from bot.models import Account
from bot.reports.escalation import load_targets
from bot.slack.escalate_modals import build_escalate_modal
from bot.slack.payloads import EscalateForm
from handlers.accounts import account_named
from handlers.call import CommandCall

USAGE = "Say which account needs help: `/escalate acme`. From a step, use its Escalate button."


async def handle_escalate(call: CommandCall) -> None:
    """/escalate ACCOUNT: ask what is needed, and from whom."""
    if call.text.lower() in {"", "help"}:
        await call.say(USAGE)
        return
    head = await account_named(call, call.text)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        targets = await load_targets(session, await session.get_one(Account, head.id), call.actor)
    await call.open_modal(build_escalate_modal(EscalateForm(account=head.id), head.name, targets))
