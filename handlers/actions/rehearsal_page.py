from bot.slack.blocks import Message
from bot.slack.payloads import RehearsalPage, unpack
from handlers.call import ActionCall
from handlers.patience import answer_in_time
from handlers.rehearsing import playbook_to_rehearse, rehearsal_page, require_rehearsable


async def handle_rehearsal_page(call: ActionCall) -> None:
    """Turn to another page, in place of the one that is shown."""
    at = unpack(RehearsalPage, call.chosen)
    playbook = playbook_to_rehearse(call, at.playbook)
    await require_rehearsable(call, at.account)

    async def at_once(message: Message) -> None:
        await call.redraw(message.text, message.blocks)

    page = rehearsal_page(call, playbook, at.account, at.page, at.started_on)
    await answer_in_time(call, page, at_once, call.finish)
