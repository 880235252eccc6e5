from bot.engine.suggestions import decline_suggestion
from bot.slack.ids import InputId
from bot.slack.payloads import SuggestionRef, unpack
from handlers.call import ViewCall


async def handle_suggestion_decline_form(call: ViewCall) -> None:
    ref = unpack(SuggestionRef, call.metadata)
    reason = call.form.text(InputId.REASON) or ""
    async with call.changing() as session:
        await decline_suggestion(session, call.services.library, ref.suggestion, call.actor, call.now, reason=reason)
    await call.say("Declined, and the author has been told why. `/playbook suggestions` shows what is left.")
