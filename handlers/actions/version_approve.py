from bot.engine.governance.deciding import approve_version
from bot.reports.versions import load_version_card
from bot.slack.payloads import VersionRef, unpack
from bot.slack.text import plain
from bot.slack.version_views import build_approved_answer
from handlers.call import ActionCall


async def handle_version_approve(call: ActionCall) -> None:
    """Approve, and tell the approver how many runs are on older versions."""
    ref = unpack(VersionRef, call.chosen)
    async with call.changing() as session:
        change = await approve_version(session, ref.version, call.actor, call.now)
        card = await load_version_card(session, ref.version)
    sentence = plain(change.sentence)
    message = build_approved_answer(card, sentence) if card else None
    await call.say(sentence if message is None else message.text, message and message.blocks)
