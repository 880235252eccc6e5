"""How far the queues have come: the same whichever process is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.metrics_core import GaugeMetricFamily
from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.models import Delivery, DeliveryStatus, Touchpoint, TouchpointStatus
from bot.models.columns import constant
from bot.models.outbox import UNSENT

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Queues:
    """Lags are in seconds: for how long what has waited longest could have been done by now."""

    touchpoints_due: int
    touchpoint_lag: float
    deliveries_waiting: int
    delivery_lag: float
    deliveries_failed: int  # within a day

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As Prometheus's client asks for them."""
        yield GaugeMetricFamily("playcall_touchpoints_due", "Touchpoints that are due.", self.touchpoints_due)
        yield GaugeMetricFamily("playcall_touchpoint_lag_seconds", "For how long the oldest is.", self.touchpoint_lag)
        waiting = "Deliveries that could be sent."
        yield GaugeMetricFamily("playcall_deliveries_waiting", waiting, self.deliveries_waiting)
        yield GaugeMetricFamily("playcall_delivery_lag_seconds", "For how long the oldest could.", self.delivery_lag)
        failed = "Deliveries given up within a day."
        yield GaugeMetricFamily("playcall_deliveries_failed", failed, self.deliveries_failed)


@dataclass(frozen=True, slots=True)
class DatabaseUp:
    """Without a database there is nothing to say of the queues, and Prometheus hears that instead."""

    is_up: bool

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("playcall_database_up", "Whether the database answers and is migrated.", self.is_up)


async def load_queues(reader: Reader, now: datetime) -> Queues:
    due = select(func.count().label("number"), func.min(Touchpoint.fire_at).label("oldest")).where(
        col(Touchpoint.status) == constant(TouchpointStatus.PLANNED), col(Touchpoint.fire_at) <= now
    )
    waiting = select(func.count().label("number"), func.min(Delivery.available_at).label("oldest")).where(
        UNSENT, col(Delivery.available_at) <= now
    )
    failed = select(func.count()).where(
        col(Delivery.status) == DeliveryStatus.FAILED, col(Delivery.finished_at) > now - A_DAY
    )
    touchpoints = (await reader.execute(due)).one()
    deliveries = (await reader.execute(waiting)).one()
    return Queues(
        touchpoints_due=touchpoints.number,
        touchpoint_lag=_seconds(now, touchpoints.oldest),
        deliveries_waiting=deliveries.number,
        delivery_lag=_seconds(now, deliveries.oldest),
        deliveries_failed=(await reader.execute(failed)).scalar_one(),
    )


def _seconds(now: datetime, since: datetime | None) -> float:
    return (now - since).total_seconds() if since else 0.0
