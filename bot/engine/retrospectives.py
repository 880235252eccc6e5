"""Looking back at an escalation once it is resolved: what happened, why, and what is done differently from now on."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.escalations import load_answerable, tell_thread
from bot.engine.suggestions import suggest
from bot.errors import InvalidInput, WrongState
from bot.models import EscalationStatus, Member, Retrospective, SuggestionSource, TimelineKind

LENGTH = 3000


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned. With `playbook_key`, the change becomes a suggestion for that playbook."""

    happened: str
    cause: str
    change: str
    playbook_key: str | None = None


async def hold_retrospective(
    session: AsyncSession, escalation_id: int, actor: Actor, now: datetime, lesson: Lesson
) -> Retrospective:
    """Keep what was learned, once an escalation is resolved. One for each escalation: a second raises WrongState."""
    escalation, _ = await load_answerable(session, escalation_id, actor)
    if escalation.status is not EscalationStatus.RESOLVED:
        raise WrongState("This escalation is not resolved yet. Look back when it is.")
    held = (await session.exec(select(Retrospective).where(Retrospective.escalation_id == escalation_id))).one_or_none()
    if held is not None:
        author = await session.get_one(Member, held.author_id)
        raise WrongState(f"{author.name} has written the retrospective already; it is in the thread.")
    retrospective = Retrospective(
        escalation_id=escalation_id,
        author_id=actor.member_id,
        happened=_text(lesson.happened, "happened", "Say what happened."),
        cause=_text(lesson.cause, "cause", "Say what caused it."),
        change=_text(lesson.change, "change", "Say what is done differently from now on."),
        created_at=now,
    )
    session.add(retrospective)
    if lesson.playbook_key:
        source = SuggestionSource.RETROSPECTIVE
        await suggest(
            session,
            lesson.playbook_key,
            actor,
            now,
            body=retrospective.change,
            source=source,
            escalation_id=escalation_id,
        )
    summary = f"looked back at the escalation: {retrospective.change}"
    sentence = _told(retrospective, actor)
    await tell_thread(session, escalation, TimelineKind.RETROSPECTIVE, summary, sentence, actor, now)
    return retrospective


def _told(held: Retrospective, actor: Actor) -> str:
    return (
        f"{actor.name} looked back.\nWhat happened: {_short(held.happened)}\nCause: {_short(held.cause)}\n"
        f"What changes: {_short(held.change)}"
    )


def _short(text: str) -> str:
    return text if len(text) <= 900 else f"{text[:899]}…"


def _text(text: str, field: str, empty: str) -> str:
    if not text.strip():
        raise InvalidInput(empty, field=field)
    if len(text) > LENGTH:
        raise InvalidInput(f"That is {len(text):,} characters; the limit is {LENGTH:,}.", field=field)
    return text.strip()
