"""On how many accounts a rule would act now, if it were let act."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.library import Library
from bot.library.rules import Rule
from bot.models import Account
from bot.signals.rules.finding import Fire, find_changes

PAGE = 500


async def would_act_on(reader: Reader, library: Library, rule: Rule, now: datetime) -> int:
    """Accounts on which the rule holds and has not acted yet."""
    return len({fire.account_id for fire in await would_fire(reader, library, rule, now)})


async def would_fire(reader: Reader, library: Library, rule: Rule, now: datetime) -> list[Fire]:
    last = (await reader.execute(select(func.max(col(Account.id))))).scalar_one() or 0
    found: list[Fire] = []
    for first in range(1, last + 1, PAGE):
        ids = list(range(first, first + PAGE))
        changes = await find_changes(reader, library, [rule], ids, now)
        found += [change for change in changes if isinstance(change, Fire)]
    return found
