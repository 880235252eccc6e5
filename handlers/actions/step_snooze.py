from bot.engine.calendars import local_date
from bot.slack.payloads import StepRef, unpack
from bot.slack.step_modals import build_snooze_modal
from handlers.call import ActionCall
from handlers.step_heads import open_step_head


async def handle_step_snooze(call: ActionCall) -> None:
    head = await open_step_head(call, unpack(StepRef, call.chosen))
    await call.open_modal(build_snooze_modal(head, local_date(call.now, call.actor.timezone)))
