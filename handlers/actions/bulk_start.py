from bot.engine.bulk import ask_for_many, segment_condition
from bot.slack.blocks import section
from bot.slack.payloads import BulkStart, unpack
from bot.slack.text import label
from handlers.call import ActionCall


async def handle_bulk_start(call: ActionCall) -> None:
    """Put it down for the worker. The question goes, so that it is answered once."""
    about = unpack(BulkStart, call.chosen)
    playbook = call.services.library.playbook(about.playbook)
    async with call.changing() as session:
        await ask_for_many(session, playbook, segment_condition(about.segment), call.actor, call.now)
    text = f"{label(playbook.title)} is being started. You get a message when it has started on all of them."
    await call.redraw(text, [section(text)])
