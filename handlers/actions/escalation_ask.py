from bot.db import reading_session
from bot.reports.escalation import load_escalation_head
from bot.slack.escalate_modals import build_ask_modal
from bot.slack.payloads import EscalationRef, unpack
from handlers.call import ActionCall


async def handle_escalation_ask(call: ActionCall) -> None:
    ref = unpack(EscalationRef, call.chosen)
    async with call.services.database.reading() as connection:
        head = await load_escalation_head(reading_session(connection), ref.escalation)
    await call.open_modal(build_ask_modal(head))
