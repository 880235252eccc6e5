"""Notes: what people write down about an account."""

from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.journal import record
from bot.engine.outbox import redraw_steps
from bot.engine.state import lock_account
from bot.errors import InvalidInput
from bot.models import Note, NoteSource, Step, TimelineKind

NOTE_LENGTH = 12_000
SUMMARY_LENGTH = 280


async def add_note(
    session: AsyncSession,
    account_id: int,
    actor: Actor,
    now: datetime,
    *,
    body: str,
    source: NoteSource,
    step_id: int | None = None,
    channel: str | None = None,
    ts: str | None = None,
    counts_as_contact: bool = True,
) -> Note | None:
    """Keep a note. Every member may. None when the Slack message `channel`, `ts` has been noted before.

    A note of the account counts as contact with the customer; colleagues talking about an escalation do not.
    """
    text = body.strip()
    if not text:
        raise InvalidInput("The note is empty. Write what happened.", field="note")
    if len(text) > NOTE_LENGTH:
        raise InvalidInput(
            f"The note has {len(text):,} characters; the limit is {NOTE_LENGTH:,}. Split it in two.", field="note"
        )
    account = await lock_account(session, account_id)
    if channel and ts and await _is_taken(session, channel, ts):
        return None
    step = await session.get(Step, step_id) if step_id else None
    note = Note(
        account_id=account_id,
        step_id=step_id,
        author_id=actor.member_id,
        source=source,
        body=text,
        channel=channel,
        ts=ts,
        created_at=now,
    )
    session.add(note)
    if counts_as_contact:
        account.last_contact_at = now
    record(
        session,
        TimelineKind.NOTE,
        text if len(text) <= SUMMARY_LENGTH else text[: SUMMARY_LENGTH - 1] + "…",
        now,
        account_id=account_id,
        actor=actor,
        run_id=step.run_id if step else None,
        step_id=step_id,
    )
    await session.flush()
    if step_id:
        await redraw_steps(session, [step_id], now)
    return note


async def _is_taken(session: AsyncSession, channel: str, ts: str) -> bool:
    query = select(Note.id).where(Note.channel == channel, Note.ts == ts)
    return (await session.exec(query)).first() is not None
