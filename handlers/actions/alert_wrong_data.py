from bot.slack.alert_modals import build_wrong_data_modal
from bot.slack.payloads import AlertRef, unpack
from handlers.alert_answers import alert_head
from handlers.call import ActionCall


async def handle_alert_wrong_data(call: ActionCall) -> None:
    await call.open_modal(build_wrong_data_modal(await alert_head(call, unpack(AlertRef, call.chosen))))
