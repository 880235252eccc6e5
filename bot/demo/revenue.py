"""What the demo's customers paid before: without it nobody could tell who stayed, grew and left.

The book is written down as of its beginning; here each account's revenue begins with its contract, and changes when it
really did.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.demo.book import BOOK, Customer
from bot.engine.own_signals import own_signal
from bot.models import Account, Signal, SignalKind

CHANGES: Mapping[str, Sequence[tuple[int, int]]] = {  # days ago, US dollars a year from then on; 0: they left
    "acme": ((247, 72_000), (110, 84_000)),
    "umbrella": ((420, 280_000), (55, 310_000)),
    "hooli": ((610, 300_000), (245, 360_000), (60, 420_000)),
    "wayne": ((318, 120_000), (75, 132_000)),
    "stark": ((995, 450_000), (630, 540_000), (265, 510_000)),
    "dunder": ((400, 9_000), (35, 0)),
}


async def seed_revenue(session: AsyncSession, now: datetime) -> None:
    """Write each customer's revenue at each change, in place of what was written when the book was made."""
    await session.exec(delete(Signal).where(col(Signal.kind) == SignalKind.ARR))
    ids = dict((await session.exec(select(Account.key, Account.id))).all())
    rows = [
        own_signal(ids[customer.key], SignalKind.ARR, now - timedelta(days=days), number=amount)
        for customer in BOOK
        for days, amount in changes_of(customer)
    ]
    await session.exec(insert(Signal), params=rows)


def changes_of(customer: Customer) -> Sequence[tuple[int, int]]:
    """Where nothing is told, they have paid the same from the beginning."""
    if customer.arr is None or customer.contract_start is None:
        return ()
    return CHANGES.get(customer.key, ((-customer.contract_start, customer.arr),))
