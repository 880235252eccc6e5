"""How close delivering comes to Slack's limit of one message per second and channel.

50 people get 20 messages each, from one outbox on an SQLite file, over HTTP from a strict Slack in another process.
The least time any program could take is 19 seconds: everybody's first message at once, the twentieth 19 seconds later.
"""

import asyncio
import logging
import sys
import tempfile
import time
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

PEOPLE, EACH = 50, 20
CAP = 100  # messages per second over all channels: above 50, so that the pace of the channels decides
LEAST = EACH - 1.0
TARGET = 1.10

Json = dict[str, Any]


async def measure() -> Json:
    """Deliver everything; returns what the double saw, and the seconds it took."""
    async with slack_process(PEOPLE, CAP * 60) as slack, aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack["token"], base_url=slack["url"], session=session)
        with tempfile.TemporaryDirectory() as directory:
            database = await filled_database(Path(directory))
            settings = Settings(_env_file=None, workspace_messages_per_second=CAP)
            services = Services(settings, database, Library(Path(directory)), SystemClock(), lambda: None)
            stop = asyncio.Event()
            started = time.monotonic()
            running = asyncio.create_task(Outbox(services, client, BUILDERS).run(stop))
            while await unsent(database):  # noqa: ASYNC110  # the outbox does not know that this is all there is
                await asyncio.sleep(0.1)
            seconds = time.monotonic() - started
            stop.set()
            await running
            await database.close()
        async with session.get(slack["url"].replace("/api/", "/stats")) as response:
            stats: Json = await response.json()
    return stats | {"seconds": seconds}


async def unsent(database: Database) -> bool:
    async with database.reading() as connection:
        query = select(Delivery.id).where(col(Delivery.status) != DeliveryStatus.SENT).limit(1)
        return (await connection.execute(query)).first() is not None


async def filled_database(directory: Path) -> Database:
    database = Database(f"sqlite+aiosqlite:///{directory / 'bench.db'}")
    await migrate(database)
    now = SystemClock().now()
    members = [
        {"id": n + 1, "email": f"{n}@ours.example", "name": f"Person {n}", "role": MemberRole.CSM}
        | {"slack_user_id": f"U{n:06d}", "created_at": now}
        for n in range(PEOPLE)
    ]
    deliveries = [
        {"key": f"{person}-{n}", "kind": DeliveryKind.NOTICE, "lane": f"@{person + 1}", "member_id": person + 1}
        | {"payload": {"text": f"message {n}"}, "available_at": now, "created_at": now}
        for n in range(EACH)
        for person in range(PEOPLE)
    ]
    async with database.transaction() as session:
        await session.exec(insert(Member), params=members)
        await session.exec(insert(Delivery), params=deliveries)
    return database


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    result = asyncio.run(measure())
    sent, twice = len(result["accepted"]), sum(count > 1 for count in result["accepted"].values())
    makespan = result["times"][-1] - result["times"][0]
    refusals = result["answers"].get("ratelimited", 0)
    print(f"delivery: {sent} of {PEOPLE * EACH} messages, {twice} twice, {refusals} refused for their pace")
    print(f"delivery: first to last {makespan:.2f} s, in all {result['seconds']:.2f} s, least {LEAST:.2f} s")
    ratio = result["seconds"] / LEAST
    print(f"delivery: ratio {ratio:.3f} (target at most {TARGET:.2f})")
    if sent != PEOPLE * EACH or twice or ratio > TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
