from bot.engine.suggestions import take_suggestion
from bot.slack.payloads import SuggestionRef, unpack
from handlers.call import ActionCall
from handlers.commands.playbook_suggestions import redraw_suggestions


async def handle_suggestion_take(call: ActionCall) -> None:
    ref = unpack(SuggestionRef, call.chosen)
    async with call.changing() as session:
        await take_suggestion(session, call.services.library, ref.suggestion, call.actor, call.now)
    await redraw_suggestions(call, "Taken. Change the playbook's file; its author has been told.")
