"""A page of a rehearsal, for the command that asks for one and the buttons that turn its pages."""

from datetime import date

from bot.db import reading_session
from bot.engine.permissions import require_may_rehearse
from bot.engine.state import load_team
from bot.library.schema import Playbook
from bot.rehearsal.performing import rehearse
from bot.reports.playbooks import find_playbook
from bot.slack.blocks import Message
from bot.slack.rehearsal_view import build_rehearsal
from handlers.call import Call


async def require_rehearsable(call: Call, account_id: int) -> None:
    async with call.services.database.reading() as connection:
        team = await load_team(reading_session(connection), account_id)
    require_may_rehearse(call.actor, team.roles)


def playbook_to_rehearse(call: Call, name: str) -> Playbook:
    """What the file says now, which may wait for approval; of one without a file, the version in use."""
    library = call.services.library
    found = find_playbook(library, name)
    return library.catalog.playbooks.get(found.key, found)


async def rehearsal_page(
    call: Call, playbook: Playbook, account_id: int, page: int = 1, started_on: date | None = None
) -> Message:
    transcript = await rehearse(call.services, playbook, account_id, call.now, started_on=started_on)
    return build_rehearsal(transcript, page)
