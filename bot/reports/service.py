"""How an account is served and why: the row of the segment table it is in."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.library.facts import ACCOUNT_COLUMNS, account_facts
from bot.library.library import Library
from bot.library.segments import DECIDED
from bot.models import Account
from bot.reports.account_head import AccountHead, Statement


async def read_service(
    reader: Reader, library: Library, account: AccountHead, asking: Actor, now: datetime
) -> tuple[tuple[str, ...], ...]:
    """Rows of words: what the table says, and what was set otherwise by hand. Nothing where there is no table."""
    journey = library.journeys.get(account.journey or "")
    on = ((f"Journey {journey.title}", f"/account journey {account.key} shows it"),) if journey else ()
    if not library.segments.table:
        return on
    columns = (*ACCOUNT_COLUMNS, "attributes")
    query: Statement = select(*(col(getattr(Account, name)) for name in columns)).where(col(Account.id) == account.id)
    known: Any = (await reader.execute(query)).one()
    facts = account_facts(known, local_date(now, asking.timezone))
    row = library.segments.answer({"account": facts})
    if row is None:
        return (*on, ("No row of the segment table fits", "so it is as somebody set it by hand"))
    says = [f"{name} {value}" for name in DECIDED if (value := getattr(row, name))]
    differs = [
        f"{name} {getattr(account, name) or 'none'}"
        for name in DECIDED
        if (value := getattr(row, name)) and getattr(account, name) != value
    ]
    by_hand = (f"here: {', '.join(differs)}",) if differs else ()
    return (*on, (f"Row “{row.title}”", ", ".join(says), *by_hand))
