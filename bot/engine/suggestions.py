"""What people think of playbooks: a thumb on a step, a suggestion, and what became of it."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.governance.entries import record_decision
from bot.engine.governance.owners import owners_of
from bot.engine.outbox import notify, redraw_steps
from bot.engine.permissions import may_decide
from bot.errors import InvalidInput, NotAllowed, NotFound, WrongState
from bot.library.library import Library
from bot.models import (
    FINISHED,
    Member,
    Run,
    Step,
    Suggestion,
    SuggestionSource,
    SuggestionStatus,
)

LENGTH = 3000
GONE = "That suggestion is not there any more. `/playbook suggestions` shows what is open."


async def give_feedback(
    session: AsyncSession, step_id: int, actor: Actor, now: datetime, *, helpful: bool, body: str | None = None
) -> Suggestion:
    """A thumb on a finished step; one for each step and person, the last one counts. `body` says what to change."""
    query = select(Step, Run.playbook_key).join(Run, col(Run.id) == Step.run_id).where(Step.id == step_id)
    found = (await session.exec(query.with_for_update(of=Step))).one_or_none()
    if found is None:
        raise NotFound("That step is not there any more.")
    step, playbook_key = found
    if step.status not in FINISHED:
        raise WrongState(f"“{step.title}” is open again. Say what you think of it when it is done.")
    own = select(Suggestion).where(Suggestion.step_id == step_id, Suggestion.author_id == actor.member_id)
    given = (await session.exec(own)).one_or_none()
    if given is None:
        given = Suggestion(
            playbook_key=playbook_key,
            step_key=step.key,
            step_id=step_id,
            source=SuggestionSource.FEEDBACK,
            author_id=actor.member_id,
            created_at=now,
        )
        session.add(given)
    given.helpful = helpful
    if body is not None or helpful:
        given.body = _checked(body) if body else None
    given.status, given.decided_by_id, given.decided_at, given.decision = SuggestionStatus.OPEN, None, None, None
    await session.flush()
    await redraw_steps(session, [step_id], now)
    return given


async def suggest(
    session: AsyncSession,
    playbook_key: str,
    actor: Actor,
    now: datetime,
    *,
    body: str,
    source: SuggestionSource = SuggestionSource.SUGGESTION,
    escalation_id: int | None = None,
) -> Suggestion:
    """Put an idea for a playbook into the queue of the monthly tuning."""
    suggestion = Suggestion(
        playbook_key=playbook_key,
        source=source,
        body=_checked(body),
        escalation_id=escalation_id,
        author_id=actor.member_id,
        created_at=now,
    )
    session.add(suggestion)
    await session.flush()
    return suggestion


async def take_suggestion(
    session: AsyncSession, library: Library, suggestion_id: int, actor: Actor, now: datetime
) -> Suggestion:
    """Accept a suggestion: it leaves the queue, and its author hears that it is taken up."""
    return await _decide(session, library, suggestion_id, actor, now, SuggestionStatus.TAKEN, None)


async def decline_suggestion(
    session: AsyncSession, library: Library, suggestion_id: int, actor: Actor, now: datetime, *, reason: str
) -> Suggestion:
    """Leave a playbook as it is, and tell the author why."""
    if not reason.strip():
        raise InvalidInput("Say why: whoever suggested it will read it.", field="reason")
    return await _decide(session, library, suggestion_id, actor, now, SuggestionStatus.DECLINED, reason.strip())


async def _decide(
    session: AsyncSession,
    library: Library,
    suggestion_id: int,
    actor: Actor,
    now: datetime,
    status: SuggestionStatus,
    reason: str | None,
) -> Suggestion:
    suggestion = await session.get(Suggestion, suggestion_id, with_for_update=True)
    if suggestion is None:
        raise NotFound(GONE)
    if suggestion.playbook_key not in await decidable(session, library, actor, [suggestion.playbook_key]):
        raise NotAllowed("Only the playbook's owner or a leader decides about suggestions.")
    if suggestion.status is not SuggestionStatus.OPEN:
        raise WrongState(f"This suggestion is {suggestion.status} already.")
    suggestion.status, suggestion.decision = status, _checked(reason) if reason else None
    suggestion.decided_by_id, suggestion.decided_at = actor.member_id, now
    author = await session.get_one(Member, suggestion.author_id)
    said = f"{status} a suggestion of {author.name}: {suggestion.body or 'it did not help'}"
    summary = f"{said} ({suggestion.decision})" if suggestion.decision else said
    record_decision(session, suggestion.playbook_key, summary, now, actor=actor)
    if author.id != actor.member_id:
        await notify(session, author.id, _news(suggestion, actor), now)
    return suggestion


def _news(suggestion: Suggestion, actor: Actor) -> str:
    about = f"your suggestion for the playbook {suggestion.playbook_key}"
    quoted = f": “{suggestion.body[:300]}”" if suggestion.body else ""
    if suggestion.status is SuggestionStatus.TAKEN:
        return f"{actor.name} takes up {about}{quoted}. Thank you."
    return f"{actor.name} looked at {about}{quoted} and leaves it as it is: {suggestion.decision}"


async def decidable(session: AsyncSession, library: Library, actor: Actor, keys: list[str]) -> set[str]:
    """Those of the playbooks about which the actor decides: a leader about all, an owner about their own."""
    if actor.leads:
        return set(keys)
    named = {key: library.owner(key) for key in keys}
    owners = {owner: {member.id for member in await owners_of(session, owner)} for owner in set(named.values())}
    return {key for key, owner in named.items() if may_decide(actor, owners[owner])}


def _checked(text: str) -> str:
    if not text.strip():
        raise InvalidInput("Say what to change.", field="change")
    if len(text) > LENGTH:
        raise InvalidInput(f"That is {len(text):,} characters; the limit is {LENGTH:,}.", field="change")
    return text.strip()
