from bot.engine.escalations import resolve_escalation
from bot.slack.ids import InputId
from bot.slack.payloads import EscalationRef, unpack
from bot.slack.text import plain
from handlers.call import ViewCall


async def handle_escalation_resolve_form(call: ViewCall) -> None:
    ref = unpack(EscalationRef, call.metadata)
    resolution = call.form.text(InputId.RESOLUTION) or ""
    async with call.changing() as session:
        change = await resolve_escalation(
            session, call.services.library, ref.escalation, call.actor, call.now, resolution=resolution
        )
    if not change.changed:
        await call.fail(plain(change.sentence))
