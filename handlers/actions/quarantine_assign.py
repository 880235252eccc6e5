from bot.reports.quarantine import load_card, read_choices
from bot.slack.payloads import QuarantineRef, unpack
from bot.slack.quarantine_views import build_assign_modal
from handlers.call import ActionCall


async def handle_quarantine_assign(call: ActionCall) -> None:
    """Ask whose the signals are that came under one name."""
    ref = unpack(QuarantineRef, call.chosen)
    async with call.services.database.glance() as reader:
        card = await load_card(reader, call.services.library.metrics, ref.quarantined)
        accounts = await read_choices(reader)
    await call.open_modal(build_assign_modal(card, accounts))
