"""Home tabs."""

from datetime import datetime

from bot.db import ReadingConnection, reading_session
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PublishHome
from bot.engine.actors import Actor
from bot.models import Delivery, Member
from bot.reports.home import load_home
from bot.services import Services
from bot.slack.home_view import build_home_view


async def build_home(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    session = reading_session(connection)
    member = await session.get_one(Member, member_of(delivery))
    if member.slack_user_id is None or not member.active:
        return None
    home = await load_home(session, services.library, Actor.of(member), now)
    return PublishHome(slack_user_id=member.slack_user_id, view=build_home_view(home))
