"""Life in a small team, for tests that make it up: people, data, clock, Slack and worker do anything in any order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from aiosmtpd.smtp import SMTP
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import FixedClock
from bot.db import Database
from bot.delivery.builders import BUILDERS
from bot.delivery.outbox import Outbox
from bot.engine.accounts import edit_account
from bot.engine.actors import Actor
from bot.engine.alerts import NewAlert, end_alerts, raise_alert
from bot.engine.milestones import miss_milestone, plan_milestone, reach_milestone
from bot.engine.outbox import redraw_escalation, redraw_steps
from bot.engine.raising import raise_escalation
from bot.engine.runs import start_run
from bot.errors import PlaycallError
from bot.models import ACTIONABLE, Account, MemberRole, Severity, Step, Touch
from bot.schedule.firing import fire_due
from bot.schedule.ruling import evaluate_due
from bot.signals.ingesting import Sender, take_in
from bot.signals.sent import SentSignal
from bot.slack.ids import ActionId
from handlers.boundary import SAVED, SORRY
from tests.support.invariants import Picture, broken, mail_faults, take_picture, unsent
from tests.support.mail_server import Mailroom, hang_up
from tests.support.rules import make_rule, measure, use_rules
from tests.support.slack_double import Fault, SlackDouble
from tests.support.sleeping import AdvancingSleep
from tests.support.verbs import VERBS, WITH_STEPS
from tests.support.workspace import Payload, Workspace
from tests.support.world import World, use_playbook

PEOPLE = ("maya", "leo", "dana", "sam", "eve")
LASTING = frozenset(
    {ActionId.STEP_COMPLETE, ActionId.STEP_SNOOZE, ActionId.STEP_UNBLOCK, ActionId.ESCALATION_ACKNOWLEDGE}
)
NEWS = {"template": "new-admin/day-3", "to": ["champion"]}  # which asks for nothing that may be missing
RULES = (
    make_rule(key="fell", then={"alert": {"to": "csm", "playbook": "cheer"}}, cool_down=0),
    make_rule(key="fell-far", when="measures.now <= measures.before * 0.5", then={"start": "relay"}, cool_down=1),
)
USUAL_USE = 100
ENDLESS = 40  # rounds of work after which nothing may be left to send

PLAYBOOKS: Mapping[str, Mapping[str, Any]] = {
    "relay": {
        "steps": [
            {"key": "first"},
            {"key": "call", "kind": "meeting", "role": "ae", "due": "4d", "remind_before": "2d"},
            {
                "key": "review",
                "role": "leader",
                "needs": ["first"],
                "outcomes": [
                    {"key": "good", "label": "Good", "milestone": "live"},
                    {"key": "back", "label": "Back", "reopen": ["first"]},
                    {"key": "over", "label": "Over", "then": "cancel_run"},
                    {"key": "rest", "label": "Rest", "not_applicable": ["call", "prepare"]},
                ],
            },
            {"key": "prepare", "due": "renewal_date - 90d", "optional": True},
            {
                "key": "help",
                "kind": "escalation",
                "needs": ["review"],
                "escalation": {"ask": "Call {{ account.name }}"},
            },
            {"key": "last", "due": "opening + 1d", "needs": ["review", "call"]},
        ],
    },
    "letters": {
        "steps": [
            {"key": "news", "kind": "email", "mode": "automatic", "email": NEWS},
            {"key": "more", "kind": "email", "mode": "automatic", "due": "news + 8d", "needs": ["news"], "email": NEWS},
        ]
    },
    "cheer": {
        "triggers": [{"on": "milestone", "milestone": "live"}],
        "steps": [{"key": "thank"}, {"key": "ask", "due": "thank + 1w", "needs": ["thank"]}],
    },
}


@dataclass
class Life:
    """`messages` are those that ever stood in Slack, as they looked then."""

    ws: Workspace
    world: World
    mail: Mailroom
    messages: list[Payload] = field(default_factory=list)
    heard: int = 0  # calls of the bot to Slack that were looked at
    broken_off: int = 0  # times the mail server took a mail and nobody heard of it: it may be sent again

    # --- the world ----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def clock(self) -> FixedClock:
        return self.ws.clock

    @property
    def slack(self) -> SlackDouble:
        return self.ws.slack

    @property
    def database(self) -> Database:
        return self.ws.services.database

    @property
    def views(self) -> list[Payload]:
        return [view for view in self.ws.opened_views if "callback_id" in view]  # others only show something

    def actor(self, name: str) -> Actor:
        actor: Actor = getattr(self.world, name)
        return actor

    def day(self, days: int) -> date:
        return (self.now + timedelta(days=days)).date()

    async def pass_time(self, duration: timedelta) -> None:
        self.clock.set(self.now + duration)

    # --- people and data ----------------------------------------------------------------------------------------------

    async def change(self, use: Callable[[AsyncSession], Awaitable[object]]) -> None:
        """One use case in its transaction. A refusal with a sentence is an answer like any other."""
        with suppress(PlaycallError):
            async with self.database.transaction() as session:
                await use(session)

    async def act(self, table: type[SQLModel], verb: str, pick: int, who: str) -> None:
        """Somebody does something with one of the steps, runs, escalations or alerts there are."""
        async with self.database.transaction() as session:
            ids = (await session.exec(select(table.id).order_by("id"))).all()  # type: ignore[attr-defined]  # all have it
        if not ids:
            return
        act, actor, chosen = VERBS[table][verb], self.actor(who), ids[-1 - pick % len(ids)]
        await self.change(lambda session: act(session, self.world.library, chosen, actor, self))

    async def complete(self, outcome: str, pick: int) -> None:
        """Whoever may completes one of the steps that can be completed."""
        async with self.database.transaction() as session:
            ids = (await session.exec(select(Step.id).where(col(Step.status).in_(ACTIONABLE)))).all()
        if not ids:
            return
        act, chosen = WITH_STEPS[f"complete as {outcome}"], ids[pick % len(ids)]
        await self.change(lambda session: act(session, self.world.library, chosen, self.world.dana, self))

    async def start(self, key: str, who: str) -> None:
        actor = self.actor(who)
        await self.change(lambda s: start_run(s, self.world.library, self.world.account_id, key, self.now, actor=actor))

    async def escalate(self, who: str) -> None:
        await self.change(
            lambda s: raise_escalation(
                s,
                self.world.library,
                self.world.account_id,
                self.actor(who),
                self.now,
                target=MemberRole.AE,
                severity=Severity.CRITICAL,
                ask="Please call",
            )
        )

    async def milestone(self, verb: str, who: str) -> None:
        library, account, actor = self.world.library, self.world.account_id, self.actor(who)
        acts: Mapping[str, Callable[[AsyncSession], Awaitable[object]]] = {
            "reach": lambda s: reach_milestone(s, library, account, "live", actor, self.now),
            "plan": lambda s: plan_milestone(s, account, "live", actor, self.now, target=self.day(5), library=library),
            "miss": lambda s: miss_milestone(s, account, "live", actor, self.now, library=library),
        }
        await self.change(acts[verb])

    async def change_account(self, to: int | str) -> None:
        """The renewal moves to so many days from now, or somebody else becomes the CSM."""
        changes = {"renewal_date": self.day(to)} if isinstance(to, int) else {"csm_id": self.actor(to).member_id}
        await self.change(
            lambda s: edit_account(s, self.world.library, self.world.account_id, changes, self.world.dana, self.now)
        )

    async def data_say(self, why: str | None, severity: Severity) -> None:
        """Something that is a reason for an alert, or that the reason is gone."""
        new = NewAlert("usage-drop", "usage", "Usage fell", why or "", "relay", severity, "csm")

        async def tell(session: AsyncSession) -> None:
            account = await session.get_one(Account, self.world.account_id)
            if why:
                await raise_alert(session, self.world.library, account, None, new, self.now)
            else:
                await end_alerts(session, account.id, None, "usage", self.now)

        await self.change(tell)

    async def measure(self, number: float, times: int) -> None:
        """So much use is reported of each day of a week, and perhaps the same report comes again."""
        week = [
            SentSignal(account="acme", kind="active_users", number=number, observed_at=day, external_id=str(day))
            for day in (self.now - timedelta(days=days) for days in range(7))
        ]
        for _ in range(times):
            await take_in(self.database, self.world.library, week, Sender("usage", "usage"), self.now)

    # --- Slack --------------------------------------------------------------------------------------------------------

    async def click(self, pick: int, element: int, option: int, who: str, times: int) -> None:
        """Somebody uses anything on any message that ever stood there; Slack may tell of it more than once."""
        usable = [(m, b, e) for m in self.messages for b in m.get("blocks", []) for e in _usable(b)]
        if not usable:
            return
        message = self.messages[-1 - pick % len(self.messages)]
        here = [one for one in usable if one[0] is message] or usable
        message, block, used = here[element % len(here)]
        value = used["options"][option % len(used["options"])]["value"] if "options" in used else None
        if used["type"] == "datepicker":
            value = str(self.day(2))
        for _ in range(times):
            await self.ws.click(who, message, used["action_id"], value, block_id=block["block_id"])

    async def submit(self, pick: int, option: int, who: str, times: int) -> None:
        """Somebody sends a modal that was ever opened, filled in somehow, and perhaps twice."""
        if not self.views:
            return
        view = self.views[-1 - pick % len(self.views)]
        inputs = [block for block in view["blocks"] if block["type"] == "input"]
        filled = {block["block_id"]: _filled(block["element"], option, str(self.day(2))) for block in inputs}
        for _ in range(times):
            await self.ws.submit(who, view, filled)

    async def reply(self, pick: int, who: str, times: int) -> None:
        """Somebody replies under a message, and Slack tells of it more than once."""
        if not self.messages:
            return
        about = self.messages[-1 - pick % len(self.messages)]
        event = {"type": "message", "channel": about["channel"], "thread_ts": about["ts"], "text": "They like it"}
        event |= {"ts": self.slack.state.timestamp(self.now), "channel_type": "im"}
        for retry in range(times):
            await self.ws.event(who, event, f"Ev{event['ts']}", retry=retry)

    # --- the worker ---------------------------------------------------------------------------------------------------

    async def work(self, workers: int = 1) -> None:
        """Workers as they are just after their start: they look at what was measured, fire what is due, and send what
        they may.
        """
        await asyncio.gather(*(self._begin_work() for _ in range(workers)))
        await asyncio.gather(*(self._outbox().drain() for _ in range(workers)))
        self._look()

    async def trouble(self, method: str, fault: Fault, times: int) -> None:
        """The next calls of the method go wrong."""
        self.slack.fail(method, fault, times=times)

    async def mail_trouble(self, answer: str | None) -> None:
        """The mail server does not take the next mail for now, or takes it and breaks off before it says so."""
        self.mail.to_data.append(answer or self._break_off)

    async def die_at_work(self, method: str, accepted: bool) -> None:
        """The worker is killed while Slack has its call: before Slack has done what it says, or right after."""
        await self._begin_work()
        silence = asyncio.Event()
        self.slack.fail(method, Fault(hold=silence, carried_out=accepted, status=200 if accepted else 500))
        await self._work_until(self.slack.until_called(method, len(self.slack.calls_of(method)) + 1))
        silence.set()
        self.slack.forget_faults()

    async def die_over_a_mail(self) -> None:
        """The worker is killed after the mail server has taken a mail and before it has said so."""
        await self._begin_work()
        taken = asyncio.Event()

        def keep_waiting(_: SMTP) -> None:
            self.broken_off += 1
            taken.set()

        self.mail.to_data = [keep_waiting]
        await self._work_until(taken.wait())
        self.mail.to_data = []

    async def _begin_work(self) -> None:
        await evaluate_due(self.ws.services, self.now)
        await fire_due(self.ws.services, self.now)

    async def _work_until(self, killed: Coroutine[Any, Any, object]) -> None:
        """Send until somebody comes with SIGKILL, or everything is sent."""
        tasks = [asyncio.create_task(self._outbox().drain()), asyncio.create_task(killed)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._look()

    def _break_off(self, server: SMTP) -> None:
        self.broken_off += 1
        hang_up(server)

    def _outbox(self) -> Outbox:
        return Outbox(self.ws.services, self.ws.client, BUILDERS, sleep=AdvancingSleep(self.clock))

    def _look(self) -> None:
        for channel in self.slack.state.channels.values():
            for message in channel.messages:
                seen = {"channel": channel.id} | message
                if seen not in self.messages:
                    self.messages.append(seen)

    # --- what holds ---------------------------------------------------------------------------------------------------

    async def check(self) -> None:
        seen = await take_picture(self.database)
        found = [
            *broken(seen, self.slack.state),
            *mail_faults(seen, self.mail.taken, self.broken_off),
            *self._apologies(),
        ]
        assert not found, "\n".join(found)

    async def come_to_rest(self) -> None:
        """Nothing goes wrong any more: within days everything is sent, each once, and Slack shows what is saved."""
        self.slack.forget_faults()
        self.mail.to_data = []
        for _ in range(ENDLESS):
            await self.work()
            seen = await take_picture(self.database)
            if not unsent(seen):
                break
            await self.pass_time(timedelta(hours=3))
        assert not (left := unsent(seen)), "\n".join(left)
        await self.check()
        assert not (stale := await self._stale(seen)), "\n".join(stale)

    async def _stale(self, seen: Picture) -> list[str]:
        """Messages that offer something else than they would if they were drawn now: no change may miss its redraw."""
        before = self._offers()
        async with self.database.transaction() as session:
            await redraw_steps(session, [step.id for step in seen.steps], self.now)
            for escalation in seen.escalations:
                await redraw_escalation(session, escalation.id, self.now)
        await self._outbox().drain()
        return [
            f"the message {place} offers {before[place]}, and should {offers}"
            for place, offers in self._offers().items()
            if offers != before[place]
        ]

    def _offers(self) -> dict[str, list[tuple[str, str]]]:
        """What can be done on each message, but for what time alone takes away."""
        return {
            f"{message['ts']} in {channel.id}": [
                (element["action_id"], element["value"])
                for block in message.get("blocks", [])
                for element in _usable(block)
                if element["action_id"] in LASTING
            ]
            for channel in self.slack.state.channels.values()
            for message in channel.messages
        }

    def _apologies(self) -> list[str]:
        """What was said since the last look that only a mistake of ours makes us say."""
        said = [call for _, call in self.slack.calls[self.heard :]]
        self.heard = len(self.slack.calls)
        sorry = tuple(words.partition("`")[0] for words in (SORRY, SAVED))
        return [str(call["text"]) for call in said if str(call.get("text", "")).startswith(sorry)]


def _usable(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    elements = [*block.get("elements", []), block.get("accessory", {})]
    return [one for one in elements if one.get("action_id") and "url" not in one]


def _filled(element: Mapping[str, Any], option: int, day: str) -> Any:
    match element["type"]:
        case "datepicker":
            return day
        case "plain_text_input":
            return "https://wiki.ours.example/acme"
        case "checkboxes":
            return [element["options"][option % len(element["options"])]["value"]]
        case "users_select":
            return "U0SAM"
        case _:
            return element["options"][option % len(element["options"])]["value"]


async def begin_life(ws: Workspace, mail: Mailroom) -> Life:
    """acme is served with low touch, and has been used as usual."""
    world = await ws.people()
    for key, written in PLAYBOOKS.items():
        use_playbook(world.library, *written["steps"], key=key, title=key.capitalize(), **_others(written))
    async with world.database.transaction() as session:
        (await session.get_one(Account, world.account_id)).touch = Touch.LOW
    await use_rules(world, *RULES)
    await measure(world, "active_users", *[USUAL_USE] * 35)
    return Life(ws, world, mail)


def _others(written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name != "steps"}
