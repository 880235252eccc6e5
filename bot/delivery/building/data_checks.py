"""The weekly check of the data."""

from datetime import datetime

from bot.db import Reader, ReadingConnection
from bot.delivery.building.people import member_of
from bot.delivery.outgoing import Outgoing, PostMessage
from bot.library.library import Library
from bot.models import Delivery
from bot.reports.data_check import load_data_check
from bot.services import Services
from bot.slack.blocks import Message
from bot.slack.data_check import build_data_check


async def build_check(
    connection: ReadingConnection, delivery: Delivery, services: Services, now: datetime
) -> Outgoing | None:
    text, blocks = await check_message(connection, delivery, services.library, now)
    return PostMessage(member_id=member_of(delivery), text=text, blocks=blocks, asks=True)


async def check_message(reader: Reader, delivery: Delivery, library: Library, now: datetime) -> Message:
    """What is amiss now, beside how much it was when the week began."""
    check = await load_data_check(reader, library.metrics, now)
    return build_data_check(check, delivery.payload["number"])
