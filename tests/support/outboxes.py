"""Outboxes to test, with builders that say what the delivery's payload says."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import delete, update
from sqlmodel import col, select

from bot.clock import FixedClock
from bot.db import ReadingConnection
from bot.delivery.outbox import Outbox
from bot.delivery.outgoing import Blocks, Builder, CannotSend, Outgoing, PostMessage, PublishHome, UpdateMessage
from bot.delivery.pausing import Sleep
from bot.engine.outbox import enqueue, enqueue_steps
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryStatus,
    Member,
    PostedMessage,
    PostedStep,
    Step,
    TimelineEntry,
    TimelineKind,
    Touchpoint,
)
from bot.services import Services
from bot.settings import Settings
from tests.support.sleeping import AdvancingSleep
from tests.support.world import World


async def build_message(_: ReadingConnection, delivery: Delivery, __: Services, ___: datetime) -> Outgoing | None:
    """The payload: text, and perhaps channel, steps, escalation, thread; `nothing` or `refuse` instead."""
    payload = delivery.payload
    if payload.get("nothing"):
        return None
    if payload.get("refuse"):
        raise CannotSend(payload["refuse"])
    return PostMessage(
        text=payload["text"],
        blocks=section(payload["text"]),
        channel=payload.get("channel"),
        member_id=None if payload.get("channel") else delivery.member_id,
        thread_ts=payload.get("thread"),
        step_ids=tuple(payload.get("steps", ())),
        escalation_id=payload.get("escalation"),
    )


async def build_redraw(
    connection: ReadingConnection, delivery: Delivery, _: Services, now: datetime
) -> Outgoing | None:
    query = select(col(PostedMessage.channel), col(PostedMessage.ts)).where(
        col(PostedMessage.id) == delivery.payload["message_id"]
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    text = f"redrawn at {now:%H:%M}"
    return UpdateMessage(channel=row.channel, ts=row.ts, text=text, blocks=section(text))


async def build_home(connection: ReadingConnection, delivery: Delivery, _: Services, __: datetime) -> Outgoing | None:
    query = select(col(Member.slack_user_id)).where(col(Member.id) == delivery.member_id)
    user = (await connection.execute(query)).scalar_one()
    return PublishHome(slack_user_id=str(user), view={"type": "home", "blocks": section("Your steps")})


BUILDERS = dict.fromkeys(DeliveryKind, build_message) | {
    DeliveryKind.REDRAW: build_redraw,
    DeliveryKind.HOME: build_home,
}


def section(text: str) -> Blocks:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


@dataclass
class Desk:
    """A world with an outbox: put deliveries in, drain, look at the rows."""

    world: World
    services: Services
    clock: FixedClock
    client: AsyncWebClient

    def outbox(
        self,
        *,
        builders: Mapping[DeliveryKind, Builder] = BUILDERS,
        sleep: Sleep | None = None,
        woken: asyncio.Event | None = None,
    ) -> Outbox:
        """An outbox as another process would have it: it shares the database and nothing else."""
        return Outbox(self.services, self.client, builders, woken=woken, sleep=sleep or AdvancingSleep(self.clock))

    async def put(
        self,
        text: str,
        *,
        kind: DeliveryKind = DeliveryKind.NOTICE,
        lane: str | None = None,
        merge_key: str | None = None,
        delay: timedelta = timedelta(),
        member_id: int | None = None,
        **payload: Any,
    ) -> int:
        """A delivery to maya unless the payload has a `channel` or it is to another member."""
        member = member_id or self.world.maya.member_id
        async with self.world.database.transaction() as session:
            return await enqueue(
                session,
                kind,
                self.clock.now(),
                lane=lane or (f"#{payload['channel']}" if "channel" in payload else f"@{member}"),
                merge_key=merge_key,
                member_id=None if "channel" in payload else member,
                account_id=self.world.account_id,
                payload={"text": text, **payload},
                delay=delay,
            )

    async def open_steps(self, *keys: str) -> tuple[int, list[int]]:
        """A run with these steps, and nothing in the outbox: the run's id and the steps'."""
        run_id = await self.world.start(*({"key": key} for key in keys))
        steps = await self.world.steps(run_id)
        async with self.world.database.transaction() as session:
            await session.exec(delete(Delivery))
        return run_id, [steps[key].id for key in keys]

    async def announce(self, step_ids: Sequence[int]) -> int:
        """A message of due steps to maya, as firing their touchpoints leaves it."""
        maya = self.world.maya.member_id
        async with self.world.database.transaction() as session:
            delivery = (await enqueue_steps(session, {maya: timedelta()}, self.clock.now()))[maya]
            fired = update(Touchpoint).where(col(Touchpoint.step_id).in_(step_ids))
            await session.exec(fired.values(delivery_id=delivery))
        return delivery

    async def change(self, delivery_id: int, **values: Any) -> None:
        async with self.world.database.transaction() as session:
            await session.exec(update(Delivery).where(col(Delivery.id) == delivery_id).values(**values))

    async def change_step(self, step_id: int) -> None:
        """As any change of a step does, add to the timeline."""
        async with self.world.database.transaction() as session:
            entry = TimelineEntry(
                account_id=self.world.account_id,
                run_id=(await session.get_one(Step, step_id)).run_id,
                step_id=step_id,
                kind=TimelineKind.STEP_SNOOZED,
                summary="snoozed it",
                at=self.clock.now(),
            )
            session.add(entry)

    async def steps_shown(self, message_id: int) -> list[int]:
        query = select(col(PostedStep.step_id)).where(col(PostedStep.message_id) == message_id)
        async with self.world.database.transaction() as session:
            return list((await session.exec(query.order_by(col(PostedStep.position)))).all())

    async def row(self, delivery_id: int) -> Delivery:
        return (await self.world.deliveries(id=delivery_id))[0]

    async def posted(self) -> list[PostedMessage]:
        async with self.world.database.transaction() as session:
            return list((await session.exec(select(PostedMessage).order_by(col(PostedMessage.id)))).all())

    async def pending(self) -> list[Delivery]:
        return await self.world.deliveries(status=DeliveryStatus.PENDING)

    def pass_time(self, **duration: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**duration))


def make_desk(world: World, clock: FixedClock, client: AsyncWebClient, **settings: Any) -> Desk:
    configured = Settings(_env_file=None, **settings)
    services = Services(configured, world.database, world.library, clock, lambda: None)
    return Desk(world, services, clock, client)
