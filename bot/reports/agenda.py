"""What a member has to do, by urgency."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.library.library import Library
from bot.models import ACTIONABLE, Run, RunStatus, Step
from bot.reports.step_cards import load_step_cards
from bot.slack.agenda import AGENDA_ROWS, Agenda, AgendaGroup


async def load_agenda(session: AsyncSession, library: Library, reader: Actor, now: datetime) -> Agenda:
    """The member's open and blocked steps of running playbooks: overdue, today, until Sunday; the rest is counted."""
    today = local_date(now, reader.timezone)
    query = (
        select(Step.id, col(Step.due_on))
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            Step.assignee_id == reader.member_id,
            col(Step.status).in_(ACTIONABLE),
            Run.status == RunStatus.ACTIVE,
        )
        .order_by(col(Step.due_on), col(Step.id))
    )
    steps = [(step_id, due_on or today) for step_id, due_on in (await session.exec(query)).all()]
    groups = group_by_urgency(steps, today)
    shown = [step_id for _, ids in groups for step_id in ids][:AGENDA_ROWS]
    cards = {card.step_id: card for card in await load_step_cards(session, library, shown, reader, now)}
    return Agenda(
        groups=tuple(
            AgendaGroup(name, len(ids), tuple(cards[step_id] for step_id in ids if step_id in cards))
            for name, ids in groups
        ),
        later=len(steps) - sum(len(ids) for _, ids in groups),
    )


def group_by_urgency(steps: Sequence[tuple[int, date]], today: date) -> list[tuple[str, list[int]]]:
    """Those of the steps that are due until Sunday, in groups that are not empty."""
    sunday = today + timedelta(days=6 - today.weekday())
    groups = [
        ("Overdue", [step_id for step_id, due_on in steps if due_on < today]),
        ("Today", [step_id for step_id, due_on in steps if due_on == today]),
        ("This week", [step_id for step_id, due_on in steps if today < due_on <= sunday]),
    ]
    return [(name, ids) for name, ids in groups if ids]
