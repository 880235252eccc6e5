from bot.engine.advocacy import ask_contact
from bot.errors import InvalidInput
from bot.models import AskKind
from bot.slack.ids import InputId
from bot.slack.payloads import ContactRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_advocacy_ask_form(call: ViewCall) -> None:
    ref, kind = unpack(ContactRef, call.metadata), call.form.chosen(InputId.ASK_KIND)
    if kind is None:
        raise InvalidInput("Say what you ask for.", field=InputId.ASK_KIND)
    async with call.changing() as session:
        change = await ask_contact(
            session,
            call.services.library,
            ref.contact,
            AskKind(kind),
            call.actor,
            call.now,
            override=call.form.text(InputId.OVERRIDE),
        )
    await call.say(f"{label(change.sentence, 300)} `/account advocates` takes the answer when you have it.")
