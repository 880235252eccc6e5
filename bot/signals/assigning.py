"""Deciding about quarantine: whose the signals are that came under one name, or that they are nobody's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.journal import record
from bot.engine.outbox import redraw_deliveries_about
from bot.engine.permissions import require_leads, require_may_edit_account
from bot.engine.state import load_team, lock_account
from bot.errors import NotFound
from bot.library.library import Library
from bot.models import DeliveryKind, QuarantinedSignal, QuarantineStatus, TimelineKind
from bot.signals.components import counted
from bot.signals.ingesting import Sender, take_in_checked
from bot.signals.sent import Checked, SentSignal
from bot.signals.whose import Reference, find_accounts

AT_ONCE = 100  # signals that a click takes in itself; the worker takes in the others
AT_A_TIME = 500  # signals in one transaction of the worker's
UNDECIDED = (QuarantineStatus.WAITING, QuarantineStatus.DROPPED)


async def assign_reference(
    session: AsyncSession, library: Library, quarantined_id: int, account_id: int, actor: Actor, now: datetime
) -> int:
    """Say whose the signals are that came under the same name as this one. Returns how many those are.

    They are taken in, and whatever comes under that name from then on: it is kept as the account's external id at the
    source, where the account has none there yet, and the decision itself is remembered. Who may edit the account may
    assign to it.
    """
    account = await lock_account(session, account_id)
    require_may_edit_account(actor, (await load_team(session, account_id)).roles)
    source, text = await _reference(session, quarantined_id)
    reference = (source, text)
    count = await _count(session, reference)
    if source not in account.external_ids:
        account.external_ids = {**account.external_ids, source: text}
        account.updated_at = now
    words = f"assigned {counted(count, 'signal')} that came from {source} as {text}"
    record(session, TimelineKind.ACCOUNT_CHANGED, words, now, account_id=account_id, actor=actor)
    await _set_all(session, reference, QuarantineStatus.WAITING)  # what was dropped before included
    if waiting := await _waiting(session, reference, AT_ONCE):
        await _take_in(session, library, waiting, account_id, now, actor)
    await _redraw(session, reference, now)
    return count


async def drop_reference(session: AsyncSession, quarantined_id: int, actor: Actor, now: datetime) -> int:
    """Say that the signals that came under the same name as this one are nobody's. Leaders. Returns how many those are.

    They are kept, and so is what comes under that name later; nobody is asked about it again. It can still be assigned.
    """
    require_leads(actor)
    reference = await _reference(session, quarantined_id)
    count = await _count(session, reference)
    await _set_all(session, reference, QuarantineStatus.DROPPED, decided_by_id=actor.on_file, decided_at=now)
    await _redraw(session, reference, now)
    return count


async def find_known(session: AsyncSession) -> list[Reference]:
    """What waits and whose account is known by now: it was added since, or somebody said whose it is."""
    row = QuarantinedSignal
    query = select(row.source, row.account_ref).where(row.status == QuarantineStatus.WAITING).distinct()
    references = [(source, text) for source, text in (await session.exec(query)).all()]
    return sorted(await find_accounts(session, references)) if references else []


async def take_in_known(session: AsyncSession, library: Library, reference: Reference, now: datetime) -> int:
    """Take in some of what waits under a name whose account is known. Returns how many; 0 when there is no more."""
    account_id = (await find_accounts(session, [reference])).get(reference)
    if account_id is None:
        return 0
    await lock_account(session, account_id)
    waiting = await _waiting(session, reference, AT_A_TIME)
    if waiting:
        await _take_in(session, library, waiting, account_id, now, None)
        await _redraw(session, reference, now)
    return len(waiting)


async def _take_in(
    session: AsyncSession,
    library: Library,
    waiting: Sequence[QuarantinedSignal],
    account_id: int,
    now: datetime,
    actor: Actor | None,
) -> None:
    """They were checked when they came, and are not checked again. The rows themselves are what makes them found."""
    for row in waiting:
        row.status, row.account_id = QuarantineStatus.ASSIGNED, account_id
        row.decided_by_id, row.decided_at = actor.on_file if actor else None, now
    await session.flush()
    sender = Sender("quarantine", f"{waiting[0].source}, out of quarantine")
    await take_in_checked(session, library, {row.id: _checked(row) for row in waiting}, sender, now)


def _checked(row: QuarantinedSignal) -> Checked:
    sent = SentSignal.model_validate(row.payload)
    return Checked(sent, row.source, row.external_id, sent.observed_at or row.created_at)


async def _reference(session: AsyncSession, quarantined_id: int) -> Reference:
    row = await session.get(QuarantinedSignal, quarantined_id)
    if row is None:
        raise NotFound("That is not in quarantine any more. `/account quarantine` shows what is.")
    return row.source, row.account_ref


def _undecided(reference: Reference) -> ColumnElement[bool]:
    source, text = reference
    row = QuarantinedSignal
    return and_(col(row.source) == source, col(row.account_ref) == text, col(row.status).in_(UNDECIDED))


async def _set_all(session: AsyncSession, reference: Reference, status: QuarantineStatus, **values: Any) -> None:
    statement = update(QuarantinedSignal).where(_undecided(reference)).values(status=status, **values)
    await session.exec(statement, execution_options={"synchronize_session": False})


async def _waiting(session: AsyncSession, reference: Reference, limit: int) -> Sequence[QuarantinedSignal]:
    row = QuarantinedSignal
    those = (_undecided(reference), col(row.status) == QuarantineStatus.WAITING)
    query = select(row).where(*those).order_by(col(row.id)).limit(limit)
    return (await session.exec(query.execution_options(populate_existing=True))).all()


async def _count(session: AsyncSession, reference: Reference) -> int:
    return (await session.exec(select(func.count(col(QuarantinedSignal.id))).where(_undecided(reference)))).one()


async def _redraw(session: AsyncSession, reference: Reference, now: datetime) -> None:
    """The questions in which it was asked about show what became of it."""
    kind, asked = DeliveryKind.QUARANTINE, list(reference)
    await redraw_deliveries_about(session, kind, lambda payload: asked in payload.get("references", []), now)
