from bot.engine.advocacy import answer_ask
from bot.models import AskStatus
from bot.slack.payloads import AskRef, unpack
from handlers.advocacy_answers import show_answer
from handlers.call import ActionCall


async def handle_advocacy_yes(call: ActionCall) -> None:
    ref = unpack(AskRef, call.chosen)
    async with call.changing() as session:
        change = await answer_ask(session, ref.ask, AskStatus.ACCEPTED, call.actor, call.now)
    await show_answer(call, ref, change)
