from bot.engine.alert_answers import say_wrong_data
from bot.slack.ids import InputId
from bot.slack.payloads import AlertRef, unpack
from handlers.alert_answers import answer_form
from handlers.call import ViewCall


async def handle_alert_wrong_data_form(call: ViewCall) -> None:
    ref = unpack(AlertRef, call.metadata)
    reason = call.form.text(InputId.REASON) or ""
    async with call.changing() as session:
        change = await say_wrong_data(session, call.services.library, ref.alert, call.actor, call.now, reason=reason)
    await answer_form(call, ref, change)
