from bot.db import reading_session
from bot.engine.notes import add_note
from bot.models import NoteSource
from bot.reports.threads import Thread, load_thread
from bot.slack.incoming import as_typed
from bot.slack.payloads import ThreadNote
from bot.slack.text import label
from bot.slack.thread_notes import build_account_question
from handlers.call import EventCall

HOW_TO_TALK = (
    "I keep what you reply in a thread under one of my messages as a note of its account. For anything else I "
    "understand commands: `/playbook today`, `/account show ACCOUNT`, `/account note ACCOUNT …`, `/playbook help`."
)


async def handle_message(call: EventCall) -> None:
    """A reply under a message of ours becomes a note of the account it is about. Other threads are none of ours."""
    event = call.event
    if "thread_ts" not in event:
        await call.say(HOW_TO_TALK)
        return
    async with call.services.database.reading() as connection:
        thread = await load_thread(reading_session(connection), event["channel"], event["thread_ts"])
    if thread is None or not thread.accounts or not str(event.get("text") or "").strip():
        return
    if len(thread.accounts) > 1:
        await ask_for_account(call, thread)
    else:
        await keep_reply(call, thread)


async def keep_reply(call: EventCall, thread: Thread) -> None:
    event, about = call.event, thread.accounts[0]
    async with call.changing() as session:
        note = await add_note(
            session,
            about.account_id,
            call.actor,
            call.now,
            body=as_typed(event["text"]),
            source=NoteSource.THREAD,
            step_id=about.step_id,
            channel=event["channel"],
            ts=event["ts"],
            counts_as_contact=not thread.is_escalation,
        )
    if note and not thread.is_escalation:  # people talk to each other under an escalation: no echo there
        await call.say(f"Noted for {label(about.account)}.")


async def ask_for_account(call: EventCall, thread: Thread) -> None:
    event = call.event
    place = {"channel": event["channel"], "thread": event["thread_ts"], "ts": event["ts"]}
    choices = [(about.account, ThreadNote(step=about.step_ids[0], **place)) for about in thread.accounts]
    question = build_account_question(choices)
    await call.say(question.text, question.blocks)
