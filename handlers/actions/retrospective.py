from bot.db import reading_session
from bot.reports.escalation import load_escalation_head
from bot.slack.feedback_modals import build_retrospective_modal
from bot.slack.payloads import EscalationRef, unpack
from handlers.call import ActionCall


async def handle_retrospective(call: ActionCall) -> None:
    ref = unpack(EscalationRef, call.chosen)
    async with call.services.database.reading() as connection:
        head = await load_escalation_head(reading_session(connection), ref.escalation)
    playbooks = [(p.key, p.title) for p in call.services.library.catalog.playbooks.values()]
    await call.open_modal(build_retrospective_modal(head, playbooks))
