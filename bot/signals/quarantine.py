"""Signals of accounts nobody knows: kept until somebody in Slack says whose they are, or that they are nobody's."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import insert_or
from bot.engine.outbox import enqueue
from bot.models import Delivery, DeliveryKind, QuarantinedSignal, QuarantineStatus
from bot.signals.sent import Checked
from bot.signals.whose import Reference

LANE = "quarantine"
GATHERING = timedelta(seconds=30)  # what comes in meanwhile goes into the same message
PART = 500  # values in one statement


async def known_in_quarantine(session: AsyncSession, keys: Sequence[Reference]) -> set[Reference]:
    """Those of these keys (source and external id) that have been put aside before, whatever became of them."""
    row = QuarantinedSignal
    found: set[Reference] = set()
    for source in {source for source, _ in keys}:
        ids = [external_id for of, external_id in keys if of == source]
        for at in range(0, len(ids), PART):
            query = select(row.external_id).where(row.source == source, col(row.external_id).in_(ids[at : at + PART]))
            found |= {(source, external_id) for external_id in (await session.exec(query)).all()}
    return found


async def put_aside(session: AsyncSession, signals: Sequence[Checked], now: datetime) -> None:
    """Keep these, and ask about each way of naming an account that is new.

    Where somebody has dropped what a sender calls an account, more of it is kept as dropped, and nobody is asked again.
    """
    if not signals:
        return
    decided = await _decided(session, {one.reference for one in signals})
    rows = [_row(one, decided.get(one.reference), now) for one in signals]
    insert = insert_or(session, QuarantinedSignal).on_conflict_do_nothing(index_elements=["source", "external_id"])
    await (await session.connection()).execute(insert, rows)
    if new := sorted({one.reference for one in signals} - set(decided)):
        await ask_whose(session, new, now)


async def _decided(session: AsyncSession, references: Collection[Reference]) -> Mapping[Reference, QuarantineStatus]:
    """What is known of each of them: it waits, or it was dropped. Those that nobody was asked about are left out."""
    row = QuarantinedSignal
    texts = list({text for _, text in references})
    found: dict[Reference, QuarantineStatus] = {}
    for at in range(0, len(texts), PART):
        query = (
            select(row.source, row.account_ref, row.status)
            .where(col(row.account_ref).in_(texts[at : at + PART]), col(row.status) != QuarantineStatus.ASSIGNED)
            .distinct()
        )
        for source, text, status in (await session.exec(query)).all():
            if found.get((source, text)) is not QuarantineStatus.WAITING:
                found[source, text] = QuarantineStatus(status)
    return {reference: status for reference, status in found.items() if reference in references}


def _row(one: Checked, status: QuarantineStatus | None, now: datetime) -> dict[str, Any]:
    sent = one.sent.model_copy(update={"observed_at": one.observed_at, "external_id": one.external_id})
    return {
        "source": one.source,
        "external_id": one.external_id,
        "account_ref": one.sent.account,
        "payload": sent.model_dump(mode="json", exclude_none=True),
        "status": status or QuarantineStatus.WAITING,
        "created_at": now,
    }


async def ask_whose(session: AsyncSession, references: Sequence[Reference], now: datetime) -> None:
    """Add these to the question that is about to be posted."""
    kind = DeliveryKind.QUARANTINE
    delivery_id = await enqueue(session, kind, now, lane=LANE, merge_key=LANE, delay=GATHERING)
    query = select(Delivery).where(Delivery.id == delivery_id).execution_options(populate_existing=True)
    delivery = (await session.exec(query)).one()  # enqueueing has locked the row: nobody claims or adds to it meanwhile
    asked = [*delivery.payload.get("references", []), *map(list, references)]
    delivery.payload = {"references": [list(pair) for pair in dict.fromkeys(map(tuple, asked))]}
    await session.flush()
