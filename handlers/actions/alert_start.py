from bot.engine.alert_answers import start_recommended
from bot.slack.payloads import AlertRef, unpack
from handlers.alert_answers import answer_click
from handlers.call import ActionCall


async def handle_alert_start(call: ActionCall) -> None:
    ref = unpack(AlertRef, call.chosen)
    async with call.changing() as session:
        change = await start_recommended(session, call.services.library, ref.alert, call.actor, call.now)
    await answer_click(call, ref, change)
