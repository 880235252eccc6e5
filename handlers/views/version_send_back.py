from bot.engine.governance.deciding import send_back_version
from bot.slack.ids import InputId
from bot.slack.payloads import VersionRef, unpack
from bot.slack.text import plain
from handlers.call import ViewCall


async def handle_version_send_back_form(call: ViewCall) -> None:
    ref = unpack(VersionRef, call.metadata)
    reason = call.form.text(InputId.REASON) or ""
    async with call.changing() as session:
        change = await send_back_version(session, ref.version, call.actor, call.now, reason=reason)
    if not change.changed:
        await call.fail(plain(change.sentence))
