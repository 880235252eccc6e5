"""How close delivering comes to Slack's limits: one message a second in a conversation, and the cap on all of them.

50 people get 20 messages each, and 500 do, from one outbox on an SQLite file, over HTTP from a strict Slack in another
process; then the same again with one call in a hundred refused with 429. The least time that any program could take: 19
seconds for 20 messages to one person, or all messages at the pace of the cap, whichever is more.
"""

import asyncio
import logging
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import col, insert, select

from bot.clock import SystemClock
from bot.db import Database
from bot.delivery.outbox import Outbox
from bot.library.library import Library
from bot.migrating import migrate
from bot.models import Delivery, DeliveryKind, DeliveryStatus, Member, MemberRole
from bot.services import Services
from bot.settings import Settings
from tests.support.outboxes import BUILDERS
from tests.support.slack_process import slack_process

EACH = 20
CAP = 100  # messages per second over all channels


@dataclass(frozen=True)
class Load:
    people: int
    moody: float
    target: float

    @property
    def messages(self) -> int:
        return self.people * EACH

    @property
    def least(self) -> float:
        return max(EACH - 1.0, (self.messages - 1) / CAP)


LOADS = (Load(50, 0.0, 1.05), Load(500, 0.0, 1.05), Load(50, 0.01, 1.10), Load(500, 0.01, 1.10))

Json = dict[str, Any]


async def measure(load: Load) -> Json:
    """Deliver everything; returns what the double saw, and the processor time that the outbox took."""
    async with slack_process(load.people, CAP * 60, load.moody) as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack["token"], base_url=slack["url"], session=session)
        with tempfile.TemporaryDirectory() as directory:
            database = await filled_database(Path(directory), load)
            settings = Settings(_env_file=None, workspace_messages_per_second=CAP)
            services = Services(settings, database, Library(Path(directory)), SystemClock(), lambda: None)
            stop = asyncio.Event()
            started = time.process_time()
            running = asyncio.create_task(Outbox(services, client, BUILDERS).run(stop))
            while await unsent(database):  # noqa: ASYNC110  # the outbox does not know that this is all there is
                await asyncio.sleep(0.5)
            seconds = time.process_time() - started
            stop.set()
            await running
            await database.close()
        async with session.get(slack["url"].replace("/api/", "/stats")) as response:
            stats: Json = await response.json()
    return stats | {"own_seconds": seconds}


async def unsent(database: Database) -> bool:
    async with database.reading() as connection:
        query = select(Delivery.id).where(col(Delivery.status) != DeliveryStatus.SENT).limit(1)
        return (await connection.execute(query)).first() is not None


async def filled_database(directory: Path, load: Load) -> Database:
    database = Database(f"sqlite+aiosqlite:///{directory / 'bench.db'}")
    await migrate(database)
    now = SystemClock().now()
    members = [
        {"id": n + 1, "email": f"{n}@ours.example", "name": f"Person {n}", "role": MemberRole.CSM}
        | {"slack_user_id": f"U{n:06d}", "created_at": now}
        for n in range(load.people)
    ]
    deliveries = [
        {"key": f"{person}-{n}", "kind": DeliveryKind.NOTICE, "lane": f"@{person + 1}", "member_id": person + 1}
        | {"payload": {"text": f"message {n}"}, "available_at": now, "created_at": now}
        for n in range(EACH)
        for person in range(load.people)
    ]
    async with database.transaction() as session:
        await session.exec(insert(Member), params=members)
        await session.exec(insert(Delivery), params=deliveries)
    return database


def report(load: Load, result: Json) -> bool:
    """Print what came of it; whether everything was as it should be."""
    sent, twice = len(result["accepted"]), sum(count > 1 for count in result["accepted"].values())
    refused = result["answers"].get("ratelimited", 0)
    makespan = result["times"][-1] - result["times"][0]
    ratio = makespan / load.least
    own, double = (1000 * result[seconds] / sent for seconds in ("own_seconds", "seconds"))
    print(
        f"{load.people:>4} people x {EACH}, {load.moody:.0%} refused: {sent} of {load.messages} sent, {twice} twice, "
        f"{refused} times 429; first to last {makespan:.2f} s, least {load.least:.2f} s, "
        f"ratio {ratio:.3f} (at most {load.target:.2f}); "
        f"processor time a message {own:.1f} ms, the double's {double:.1f} ms"
    )
    return sent == load.messages and not twice and ratio <= load.target


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print("delivery")
    good = [report(load, asyncio.run(measure(load))) for load in LOADS]
    if not all(good):
        sys.exit(1)


if __name__ == "__main__":
    main()
