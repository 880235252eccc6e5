"""Whom a delivery is for."""

from bot.delivery.outgoing import CannotSend
from bot.models import Delivery


def member_of(delivery: Delivery) -> int:
    if delivery.member_id is None:
        raise CannotSend("It says to nobody whom it is for.")
    return delivery.member_id
