from bot.engine.advocacy import answer_ask
from bot.slack.ids import InputId
from bot.slack.payloads import AskAnswer, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_advocacy_answer_form(call: ViewCall) -> None:
    answer = unpack(AskAnswer, call.metadata)
    async with call.changing() as session:
        change = await answer_ask(
            session, answer.ask, answer.status, call.actor, call.now, outcome=call.form.text(InputId.NOTE)
        )
    await call.say(f"Noted: {label(change.sentence, 300)}")
