"""A playbook as it is for one account, with where it comes from."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.state import load_team
from bot.engine.variants import shape_for
from bot.library.library import Library
from bot.library.resolving import Resolved
from bot.library.schema import Playbook
from bot.models import Account


@dataclass(frozen=True)
class Variant:
    """`account` is the account's name."""

    account: str
    account_key: str
    resolved: Resolved


async def load_variant(
    session: AsyncSession, library: Library, playbook: Playbook, account_id: int, now: datetime
) -> Variant:
    """As a run that starts now would be."""
    account = await session.get_one(Account, account_id)
    team = await load_team(session, account_id)
    today = team.today(now)
    return Variant(account.name, account.key, shape_for(library, playbook, account, team, today))
