from bot.db import reading_session
from bot.reports.advocates import load_ask_form
from bot.slack.advocates import build_ask_modal
from bot.slack.payloads import ContactRef, unpack
from handlers.call import ActionCall


async def handle_advocacy_ask(call: ActionCall) -> None:
    ref = unpack(ContactRef, call.chosen)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        name, refusal = await load_ask_form(session, call.services.library, ref.contact, call.actor, call.now)
    await call.open_modal(build_ask_modal(ref.contact, name, refusal, may_override=call.actor.leads))
