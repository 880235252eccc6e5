from collections.abc import Mapping
from typing import Any

from bot.engine.notes import add_note
from bot.errors import NotFound
from bot.models import NoteSource
from bot.reports.step_forms import load_step
from bot.slack.blocks import section
from bot.slack.incoming import as_typed
from bot.slack.payloads import ThreadNote, unpack
from bot.slack.text import label
from handlers.call import ActionCall


async def handle_thread_note_account(call: ActionCall) -> None:
    """The reply is read from Slack again: an option is too small to carry it."""
    about = unpack(ThreadNote, call.chosen)
    body = await reply_text(call, about)
    async with call.changing() as session:
        found = await load_step(session, call.services.library, about.step)
        await add_note(
            session,
            found.account.id,
            call.actor,
            call.now,
            body=body,
            source=NoteSource.THREAD,
            channel=about.channel,
            ts=about.ts,
        )
    text = f"Noted for {label(found.account.name)}."
    await call.redraw(text, [section(text)])


async def reply_text(call: ActionCall, about: ThreadNote) -> str:
    answer = await call.client.conversations_replies(
        channel=about.channel, ts=about.thread, oldest=about.ts, latest=about.ts, inclusive=True, limit=2
    )
    replies = [message for message in answer.get("messages") or [] if _is_own(message, call, about.ts)]
    if not replies:
        raise NotFound("Your reply is not there any more, so there is nothing to keep.")
    return as_typed(str(replies[0].get("text") or ""))


def _is_own(message: Mapping[str, Any], call: ActionCall, ts: str) -> bool:
    """What others wrote is not kept under the name of whoever clicked, who may not even be in that channel."""
    return message.get("ts") == ts and message.get("user") == call.actor.slack_user_id
