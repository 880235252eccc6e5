from bot.engine.alert_answers import say_not_now
from bot.slack.ids import InputId
from bot.slack.payloads import AlertRef, unpack
from handlers.alert_answers import answer_form
from handlers.call import ViewCall


async def handle_alert_not_now_form(call: ViewCall) -> None:
    ref, form = unpack(AlertRef, call.metadata), call.form
    days = int(form.chosen(InputId.UNTIL) or 0)
    async with call.changing() as session:
        change = await say_not_now(
            session, ref.alert, call.actor, call.now, reason=form.text(InputId.REASON) or "", days=days
        )
    await answer_form(call, ref, change)
