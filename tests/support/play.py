"""A workspace whose worker runs when a test says so: what is due is fired, what is in the outbox is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.schedule.firing import fire_due
from bot.slack.limits import violations
from tests.support.workspace import Workspace, slack_id
from tests.support.world import World, use_playbook

Payload = dict[str, Any]


@dataclass
class Play:
    ws: Workspace
    world: World

    # --- the worker ---------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Fire what is due, and send everything, the steps that wait for company included."""
        await fire_due(self.ws.services, self.ws.clock.now())
        await self.send()
        self.ws.clock.set(self.ws.clock.now() + timedelta(seconds=self.ws.services.settings.coalesce_seconds))
        await self.send()

    async def work_until_sent(self) -> None:
        """Send everything, also what has to wait for something else to be sent first."""
        await self.ws.deliver()
        self.ws.clock.set(self.ws.clock.now() + timedelta(minutes=1))
        await self.send()

    async def send(self) -> None:
        outcomes = await self.ws.deliver()
        assert not {"failed", "lost", "retry"} & {outcome.value for outcome in outcomes}, outcomes
        for method, call in self.ws.slack.calls:
            if method in {"chat.postMessage", "chat.update"}:
                assert not violations(call), violations(call)

    # --- playbooks ----------------------------------------------------------------------------------------------------

    async def begin(self, *steps: Mapping[str, Any], account: str = "acme", **changes: Any) -> Payload:
        """Put a playbook of these steps into the library, start it as maya, and return the message with what is due."""
        written = use_playbook(self.ws.services.library, *map(dict, steps), **changes)
        answer = await self.ws.command("maya", "/playbook", f"start {written.key} {account}")
        assert "has started" in answer["text"], answer
        await self.work()
        return self.last("maya")

    # --- what stands in Slack -----------------------------------------------------------------------------------------

    def messages(self, channel: str) -> list[Payload]:
        """The messages of a channel, or of a person's direct messages, as they look now."""
        place = self.ws.slack.state.conversation(channel if channel.startswith("cs-") else slack_id(channel))
        return [{"channel": place.id} | message for message in place.messages]

    def last(self, channel: str) -> Payload:
        return self.messages(channel)[-1]

    def again(self, message: Payload) -> Payload:
        """The same message as it looks now."""
        return next(
            m for c in ("maya", "leo", "dana", "cs-escalations") for m in self.messages(c) if is_same(m, message)
        )

    @property
    def opened(self) -> Payload:
        """The modal that was opened last, within Slack's limits."""
        view = self.ws.opened_views[-1]
        assert not violations(view), violations(view)
        return view

    def whispered(self) -> str:
        """The last private answer to a click."""
        return str(self.ws.ephemeral[-1]["text"])


def is_same(one: Payload, other: Payload) -> bool:
    return (one["channel"], one["ts"]) == (other["channel"], other["ts"])


def shown(payload: Mapping[str, Any]) -> str:
    """All the words of a message or view, one line a text."""
    return "\n".join(_texts(payload.get("blocks", [])))


def _texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for item in part for text in _texts(item)]
    if isinstance(part, Mapping):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() for text in _texts(value)]
    return []


def buttons(payload: Mapping[str, Any]) -> list[str]:
    """The words on the buttons, in order."""
    return [
        element["text"]["text"]
        for block in payload.get("blocks", [])
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if element.get("type") == "button"
    ]
