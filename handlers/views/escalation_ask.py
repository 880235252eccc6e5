from bot.engine.escalations import ask_for_info
from bot.slack.ids import InputId
from bot.slack.payloads import EscalationRef, unpack
from handlers.call import ViewCall


async def handle_escalation_ask_form(call: ViewCall) -> None:
    ref = unpack(EscalationRef, call.metadata)
    question = call.form.text(InputId.QUESTION) or ""
    async with call.changing() as session:
        await ask_for_info(session, ref.escalation, call.actor, call.now, question=question)
