"""What a run may be started from, decided in the transaction that starts it."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.governance.exemptions import require_not_exempt
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.models import Account


async def playbook_to_start(
    session: AsyncSession, library: Library, account: Account, playbook_key: str, now: datetime
) -> Playbook:
    """The approved playbook, when it is on and the account is not exempt from it; raises what stands in the way."""
    await library.refresh(await session.connection())
    playbook = library.playbook(playbook_key)
    await require_not_exempt(session, library, account, playbook_key, now)
    return playbook
