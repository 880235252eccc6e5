"""One interaction with Slack, as a listener sees it: who, when, what, and how to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.actors import Actor
from bot.services import Services
from bot.slack.notices import build_notice_view

Payload = Mapping[str, Any]
Blocks = list[dict[str, Any]]


@dataclass
class Call:
    """What the kinds of interaction share. `say` answers the person who acted, and nobody else."""

    services: Services
    now: datetime
    body: Payload
    client: AsyncWebClient
    ack: AsyncAck
    respond: AsyncRespond
    actor: Actor = field(init=False)  # set by the boundary before the listener runs
    acknowledged: bool = field(default=False, init=False)

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        raise NotImplementedError

    async def fail(self, text: str) -> None:
        """Say that what was asked did not happen."""
        await self.say(text)

    async def finish(self, **answer: Any) -> None:
        """Acknowledge, once; a later call does nothing."""
        if not self.acknowledged:
            self.acknowledged = True
            await self.ack(**answer)

    async def open_modal(self, view: dict[str, Any]) -> None:
        await self.client.views_open(trigger_id=self.body["trigger_id"], view=view)


class CommandCall(Call):
    """A slash command. Its answer travels in the acknowledgement itself."""

    @property
    def text(self) -> str:
        return str(self.body.get("text") or "").strip()

    @property
    def channel(self) -> str:
        return str(self.body["channel_id"])

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        await self.finish(text=text, blocks=blocks, response_type="ephemeral")


class ActionCall(Call):
    """A click on a button, a menu or a date in a message or in the Home tab, or a message shortcut."""

    @property
    def action(self) -> Payload:
        first: Payload = self.body["actions"][0]
        return first

    @property
    def chosen(self) -> str:
        """What the element stands for: a button's value, the chosen option's, or the chosen date."""
        action = self.action
        option = action.get("selected_option") or {}
        return str(action.get("value") or option.get("value") or action.get("selected_date") or "")

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        await self.finish()
        if self.body.get("response_url") and self.body.get("container", {}).get("message_ts"):
            await self.respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=False)
        else:  # the Home tab has no place for a message
            await self.open_modal(build_notice_view(text, blocks))


class ViewCall(Call):
    """A submitted modal."""

    @property
    def view(self) -> Payload:
        shown: Payload = self.body["view"]
        return shown

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        await self.finish(response_action="update", view=build_notice_view(text, blocks))

    async def reject(self, errors: Mapping[str, str]) -> None:
        """Keep the modal open and say, by block id, what to mend."""
        await self.finish(response_action="errors", errors=dict(errors))


class EventCall(Call):
    """An event that nobody waits for an answer to; what it leads to goes through the outbox."""

    @property
    def event(self) -> Payload:
        happened: Payload = self.body["event"]
        return happened

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        await self.finish()
        channel, user = self.event.get("channel"), self.event.get("user")
        if channel and user:
            thread = self.event.get("thread_ts")
            await self.client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=blocks, thread_ts=thread)
