"""After an import: new and changed accounts are served as the segment table says, and put on their journeys."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.engine.calendars import local_date
from bot.engine.journeys.moving import put_on_journey
from bot.engine.journeys.serving import follow_table, row_of
from bot.engine.outbox import notify
from bot.engine.state import lock_account
from bot.imports.bulk import chunks
from bot.imports.importing import StartPhase
from bot.imports.plan import Plan
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.segments import DECIDED
from bot.models import Account, AccountRole, MemberRole

AT_A_TIME = 10  # accounts in one transaction: a click waits for no more than these
PAUSE = 0.02  # seconds between two transactions
NAMED = 10  # accounts that a CSM is told by name

Before = Mapping[str, Any] | None  # by field that the import changed, the value before; None for a new account


async def serve_imported(database: Database, library: Library, plan: Plan, now: datetime, phase: StartPhase) -> None:
    """What the file itself says of segment, touch or journey stays; each CSM hears of their accounts in one message."""
    arrived: dict[str, tuple[Before, frozenset[str]]] = {
        row.values["key"]: (None, frozenset(row.values)) for row in plan.created
    }
    arrived |= {change.row.values["key"]: (change.before, frozenset(change.after)) for change in plan.changed}
    if not arrived or not (library.segments.table or library.journeys):
        return
    advance = phase("Segments and journeys", len(arrived))
    changed: dict[int, list[str]] = defaultdict(list)
    for few in chunks(arrived.items(), AT_A_TIME):
        async with database.long_transaction() as session:
            for key, (before, given) in few:
                await _serve(session, library, key, before, given, now, changed)
        advance(len(few))
        await asyncio.sleep(PAUSE)
    async with database.long_transaction() as session:
        for csm_id, names in changed.items():
            await notify(session, csm_id, _words(names), now)


async def _serve(
    session: AsyncSession,
    library: Library,
    key: str,
    before: Before,
    given: frozenset[str],
    now: datetime,
    changed: dict[int, list[str]],
) -> None:
    today = local_date(now, "UTC")
    account_id = (await session.exec(select(Account.id).where(Account.key == key))).one()
    account = await lock_account(session, account_id)
    if "journey" in given and account.journey:
        await put_on_journey(session, library, account.id, account.journey, None, now, why="imported")
    if before is None:
        was = None
    else:
        former: Any = SimpleNamespace(**account.model_dump() | dict(before))
        was = library.segments.answer({"account": account_facts(former, today)})
    sentences = await follow_table(
        session, library, account, was, today, None, now, by_hand=given & set(DECIDED), tells_csm=False
    )
    if sentences and before is not None:  # of a new account nothing is different for its CSM
        query = select(AccountRole.member_id).where(
            AccountRole.account_id == account.id, col(AccountRole.role) == MemberRole.CSM
        )
        for csm_id in (await session.exec(query)).all():
            row = row_of(library, account, today)
            changed[csm_id].append(f"{account.name} ({row.title if row else account.segment})")


def _words(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    accounts = "1 account of yours is" if len(listed) == 1 else f"{len(listed)} accounts of yours are"
    return (
        f"After an import {accounts} served differently: {', '.join(listed[:NAMED])}{more}. "
        "Playbooks under way stay as they are (`/playbook move KEY ACCOUNT` takes one over); `/account show` says why."
    )
