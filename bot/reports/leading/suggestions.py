"""What people want changed about playbooks, for those who decide."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.suggestions import GONE, decidable
from bot.errors import NotAllowed, NotFound
from bot.library.library import Library
from bot.models import Member, Step, Suggestion, SuggestionStatus
from bot.slack.leading.suggestions import PAGE, SuggestionPage, SuggestionRow

WANTS_CHANGE = or_(col(Suggestion.body).is_not(None), col(Suggestion.helpful).is_(False))  # a thumb up asks nothing


async def load_suggestions(
    session: AsyncSession, library: Library, reader: Actor, now: datetime, page: int = 1
) -> SuggestionPage:
    """The open ones about which the reader decides, the oldest first. Raises NotAllowed when they decide about none."""
    which = _open_for(await decidable(session, library, reader, list(library.catalog.playbooks)), reader)
    total = (await session.exec(select(func.count()).select_from(Suggestion).where(which))).one()
    pages = max(1, -(-total // PAGE))
    shown = min(max(1, page), pages)
    query = (
        select(Suggestion, Member.name, Step.title)
        .join(Member, col(Member.id) == Suggestion.author_id)
        .join(Step, col(Step.id) == Suggestion.step_id, isouter=True)
        .where(which)
        .order_by(col(Suggestion.created_at), col(Suggestion.id))
        .offset((shown - 1) * PAGE)
        .limit(PAGE)
    )
    found = (await session.exec(query)).all()
    thumbs = await _thumbs(session, {(s.playbook_key, s.step_key) for s, _, _ in found if s.step_key})
    today = local_date(now, reader.timezone)
    rows = []
    for suggestion, author, step in found:
        playbook = library.catalog.playbooks.get(suggestion.playbook_key)
        helped, did_not = thumbs.get((suggestion.playbook_key, suggestion.step_key), (0, 0))
        rows.append(
            SuggestionRow(
                suggestion_id=suggestion.id,
                playbook=playbook.title if playbook else suggestion.playbook_key,
                step=step,
                source=suggestion.source,
                author=author,
                body=suggestion.body,
                on=local_date(suggestion.created_at, reader.timezone),
                helped=helped,
                did_not=did_not,
            )
        )
    return SuggestionPage(tuple(rows), total, shown, today)


def _open_for(keys: Collection[str], reader: Actor) -> ColumnElement[bool]:
    """Leaders also see those about playbooks that are gone."""
    waiting = and_(col(Suggestion.status) == SuggestionStatus.OPEN, WANTS_CHANGE)
    if reader.leads:
        return waiting
    if not keys:
        raise NotAllowed("Only leaders and owners of playbooks see the queue. `/playbook suggest KEY` adds to it.")
    return and_(waiting, col(Suggestion.playbook_key).in_(keys))


async def _thumbs(
    session: AsyncSession, steps: Collection[tuple[str, str | None]]
) -> dict[tuple[str, str | None], tuple[int, int]]:
    """How often each of the steps helped and did not, by playbook and step."""
    if not steps:
        return {}
    helped = func.sum(case((col(Suggestion.helpful).is_(True), 1), else_=0))
    did_not = func.sum(case((col(Suggestion.helpful).is_(False), 1), else_=0))
    query = (
        select(Suggestion.playbook_key, col(Suggestion.step_key), helped, did_not)
        .where(col(Suggestion.playbook_key).in_({key for key, _ in steps}), col(Suggestion.step_id).is_not(None))
        .group_by(col(Suggestion.playbook_key), col(Suggestion.step_key))
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in (await session.exec(query)).all()}


async def load_suggestion(session: AsyncSession, library: Library, suggestion_id: int) -> tuple[str, str, str | None]:
    """The playbook's title, the author's name and the words of one. Raises NotFound."""
    query = (
        select(Suggestion, Member.name)
        .join(Member, col(Member.id) == Suggestion.author_id)
        .where(Suggestion.id == suggestion_id)
    )
    found = (await session.exec(query)).one_or_none()
    if found is None:
        raise NotFound(GONE)
    suggestion, author = found
    playbook = library.catalog.playbooks.get(suggestion.playbook_key)
    return (playbook.title if playbook else suggestion.playbook_key), author, suggestion.body
