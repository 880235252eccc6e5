"""The whole book against the segment table: which accounts are served otherwise than it says."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Database, Reader
from bot.engine.calendars import local_date
from bot.engine.journeys.serving import Served, decide_service, row_of, serve
from bot.engine.state import lock_account
from bot.library.facts import ACCOUNT_COLUMNS
from bot.library.library import Library
from bot.models import Account

PAGE = 500
AT_A_TIME = 10  # accounts in one transaction: a click waits for no more than these
PAUSE = 0.02  # seconds between two transactions


@dataclass(frozen=True, slots=True)
class Difference:
    """An account that is served otherwise than the table says."""

    account_id: int
    key: str
    served: Served


async def read_differences(reader: Reader, library: Library, now: datetime) -> list[Difference]:
    """In pages, so that nobody else waits long. Archived accounts are left out."""
    today = local_date(now, "UTC")
    columns = [col(getattr(Account, name)) for name in ("id", *ACCOUNT_COLUMNS, "attributes")]
    found: list[Difference] = []
    last = 0
    while True:
        page = select(*columns).where(col(Account.id) > last, col(Account.archived).is_(False))
        rows = (await reader.execute(page.order_by(col(Account.id)).limit(PAGE))).all()
        if not rows:
            return found
        last = rows[-1].id
        for row in rows:
            served = decide_service(library, row, None, row_of(library, row, today))  # type: ignore[arg-type]  # its columns
            if served and (served := _without_followed(library, row.journey, served)):
                found.append(Difference(row.id, row.key, served))
        await asyncio.sleep(0)


def _without_followed(library: Library, journey: str | None, served: Served) -> Served | None:
    """An account that has gone on from the journey the table names to a later one is where it belongs."""
    if "journey" not in served.changes:
        return served
    following = library.journeys.get(served.changes["journey"][1])
    seen: set[str] = set()
    while following and following.key not in seen:
        seen.add(following.key)
        following = library.journeys.get(following.next or "")
    if journey not in seen:
        return served
    rest = {name: change for name, change in served.changes.items() if name != "journey"}
    return Served(rest, served.because) if rest else None


async def serve_book(database: Database, library: Library, found: list[Difference], now: datetime) -> None:
    """Carry it out, a few accounts in a transaction; each CSM is told."""
    for few in (found[at : at + AT_A_TIME] for at in range(0, len(found), AT_A_TIME)):
        async with database.long_transaction() as session:
            for one in few:
                account = await lock_account(session, one.account_id)
                await serve(session, library, account, one.served, None, now)
        await asyncio.sleep(PAUSE)
