from bot.models import AskStatus
from handlers.advocacy_answers import open_answer
from handlers.call import ActionCall


async def handle_advocacy_delivered(call: ActionCall) -> None:
    await open_answer(call, AskStatus.DELIVERED)
