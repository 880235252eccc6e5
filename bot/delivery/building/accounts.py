"""What happens to an account: a milestone, a stage that has to wait."""

from datetime import datetime

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.models import Delivery
from bot.reports.celebration import load_celebration
from bot.reports.journey import load_stage_wait
from bot.services import Services
from bot.slack.celebration import build_celebration_message
from bot.slack.journey_view import build_stage_wait_message


async def build_celebration(
    connection: ReadingConnection, delivery: Delivery, _: Services, __: datetime
) -> Outgoing | None:
    celebration = await load_celebration(reading_session(connection), delivery.payload["milestone_id"])
    if celebration is None:
        return None
    text, blocks = build_celebration_message(celebration)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, takes_notes=True)


async def build_stage_waits(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    """What keeps an account from its next stage; nothing when it has moved since."""
    if delivery.account_id is None:
        return None
    session = reading_session(connection)
    stage = str(delivery.payload["stage"])
    waiting = await load_stage_wait(session, services.library, delivery.account_id, stage, now)
    if waiting is None:
        return None
    text, blocks = build_stage_wait_message(waiting)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks)
