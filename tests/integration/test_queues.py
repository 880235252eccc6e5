"""How far the queues have come, as Prometheus reads it."""

from datetime import timedelta

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bot.clock import FixedClock
from bot.db import Database
from bot.engine.outbox import enqueue
from bot.models import Delivery, DeliveryKind, DeliveryStatus
from bot.web import build_web_app
from tests.support.api import bare_services
from tests.support.world import World


async def scrape(database: Database, clock: FixedClock) -> dict[str, float]:
    transport = httpx.ASGITransport(app=build_web_app(bare_services(database, clock)))
    async with httpx.AsyncClient(transport=transport, base_url="http://playcall.test") as http:
        response = await http.get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_prometheus_reads_how_long_things_wait(world: World, clock: FixedClock) -> None:
    await world.start({"key": "call"}, {"key": "write"})
    async with world.database.transaction() as session:
        await enqueue(session, DeliveryKind.NOTICE, clock.now(), lane="@1", payload={"text": "Hello"})
        session.add(
            Delivery(
                key="failed",
                kind=DeliveryKind.NOTICE,
                status=DeliveryStatus.FAILED,
                lane="@1",
                available_at=clock.now(),
                created_at=clock.now(),
                finished_at=clock.now(),
            )
        )
    [first, *_] = sorted(one.fire_at for one in await world.touchpoints())
    clock.set(max(first, clock.now()) + timedelta(minutes=5))
    found = await scrape(world.database, clock)
    assert found["playcall_touchpoints_due"] == 2
    assert found["playcall_touchpoint_lag_seconds"] == (clock.now() - first).total_seconds()
    assert found["playcall_deliveries_waiting"] >= 1
    assert found["playcall_delivery_lag_seconds"] >= 300
    assert found["playcall_deliveries_failed"] == 1


async def test_with_nothing_to_do_there_is_no_lag(sqlite: Database, clock: FixedClock) -> None:
    found = await scrape(sqlite, clock)
    assert found["playcall_touchpoint_lag_seconds"] == found["playcall_delivery_lag_seconds"] == 0


async def test_without_a_database_prometheus_still_hears_of_the_process(clock: FixedClock) -> None:
    down = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    found = await scrape(down, clock)
    assert found["playcall_database_up"] == 0
    assert "playcall_touchpoints_due" not in found
    assert "playcall_pacing_wait_seconds_count" in found


async def test_a_database_that_answers_is_up(sqlite: Database, clock: FixedClock) -> None:
    assert (await scrape(sqlite, clock))["playcall_database_up"] == 1
