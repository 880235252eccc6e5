"""Arithmetic with due dates as they are written: stretched, or counted from further back. Pure."""

from decimal import ROUND_HALF_UP, Decimal

from bot.library.offsets import Due, Offset, Unit

DAYS_IN_WEEK, BUSINESS_DAYS_IN_WEEK = 7, 5


def stretched(offset: Offset, factor: float) -> Offset:
    """The distance times `factor`, in whole days, and never nothing where there was something."""
    if offset.amount == 0:
        return offset
    amount = Decimal(offset.amount) * Decimal(str(factor))
    if offset.unit is Unit.WEEKS and amount != amount.to_integral_value():
        return Offset(_whole(amount * DAYS_IN_WEEK), Unit.DAYS)
    return Offset(_whole(amount), offset.unit)


def _whole(amount: Decimal) -> int:
    rounded = int(amount.to_integral_value(ROUND_HALF_UP))
    return rounded or (1 if amount > 0 else -1)


def added(first: Offset, second: Offset) -> Offset:
    """Both distances one after the other. Of different units, it is about as many days."""
    if first.amount == 0 or second.amount == 0:
        return second if first.amount == 0 else first
    if first.unit is second.unit:
        return Offset(first.amount + second.amount, first.unit)
    return Offset(_days(first) + _days(second), Unit.DAYS)


def _days(offset: Offset) -> int:
    match offset.unit:
        case Unit.DAYS:
            return offset.amount
        case Unit.WEEKS:
            return offset.amount * DAYS_IN_WEEK
        case Unit.BUSINESS_DAYS:
            return _whole(Decimal(offset.amount) * DAYS_IN_WEEK / BUSINESS_DAYS_IN_WEEK)


def counted_from_before(due: Due, left_out: Due) -> Due:
    """When something is due that was due relative to a step which is not there: relative to what that one hung on."""
    return Due(left_out.reference, added(left_out.offset, due.offset))
