"""What is measured of the accounts of a load test: a few numbers a day, in the order they would come in. Pure."""

from datetime import datetime, timedelta

from bot.demo.load.scale import Scale
from bot.demo.load.sheets import Sheet, Values

KINDS = ("active_users", "core_workflow_use", "logins", "tickets_open", "seats_used", "csat")  # each of them daily
HIGHEST = (500, 900, 2_000, 20, 400, 5)
NUMBER = 40  # what is drawn
SOURCE = "load"
COLUMNS = ["account_id", "kind", "number", "source", "external_id", "observed_at", "created_at"]


def signal_sheet(scale: Scale, first: int, last: int) -> Sheet:
    """The signals number `first` to `last`, from 0: one of each account in turn, the oldest first."""
    rounds = -(-scale.signals // scale.accounts)
    return Sheet("signals", COLUMNS, (_signal(scale, number, rounds) for number in range(first, last + 1)))


def _signal(scale: Scale, number: int, rounds: int) -> Values:
    turn, at = divmod(number, scale.accounts)
    kind = turn % len(KINDS)
    measured = float(1 + scale.draw(NUMBER, number, HIGHEST[kind]))
    told_at = _told_at(scale, rounds - 1 - turn)
    return at + 1, KINDS[kind], measured, SOURCE, f"{turn}-{at}", told_at, told_at


def _told_at(scale: Scale, rounds_ago: int) -> datetime:
    return scale.now - timedelta(hours=1, days=rounds_ago // len(KINDS))
