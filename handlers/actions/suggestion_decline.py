from bot.db import reading_session
from bot.reports.leading.suggestions import load_suggestion
from bot.slack.feedback_modals import build_decline_modal
from bot.slack.payloads import SuggestionRef, unpack
from handlers.call import ActionCall


async def handle_suggestion_decline(call: ActionCall) -> None:
    ref = unpack(SuggestionRef, call.chosen)
    async with call.services.database.reading() as connection:
        found = await load_suggestion(reading_session(connection), call.services.library, ref.suggestion)
    await call.open_modal(build_decline_modal(ref, *found))
