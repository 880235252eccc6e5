"""One interaction with Slack, as a listener sees it: who, when, what, and how to answer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.errors import InvalidInput, NotAMember, PlaycallError
from bot.services import Services
from bot.slack.home_view import build_stranger_home
from bot.slack.ids import answer_input
from bot.slack.notices import build_notice_view, build_unsaved_blocks
from bot.slack.text import escape
from handlers.form import Form

Payload = Mapping[str, Any]
Blocks = list[dict[str, Any]]

SPOKEN = {None, "file_share", "thread_broadcast"}  # the subtypes of messages that people write


@dataclass
class Call:
    """What the kinds of interaction share. `say` answers the person who acted, and nobody else."""

    services: Services
    now: datetime
    body: Payload
    client: AsyncWebClient
    ack: AsyncAck
    respond: AsyncRespond

    @classmethod
    def ignores(cls, body: Payload) -> bool:  # noqa: ARG003  # kinds of interaction that ignore something look at it
        """Whether nothing at all is to be done, not even to find out who acted."""
        return False

    @classmethod
    def names(cls, body: Payload) -> str:
        """What is asked for: what handlers.table lists it under."""
        raise NotImplementedError

    actor: Actor = field(init=False)  # set by the boundary before the listener runs
    acknowledged: bool = field(default=False, init=False)
    changed: bool = field(default=False, init=False)  # from here on "nothing was changed" would be untrue

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncSession]:
        """The transaction of what the listener changes. What it puts into the outbox is sent as soon as it is saved."""
        async with self.services.database.transaction() as session:
            yield session
        self.changed = True
        self.services.wake()

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        raise NotImplementedError

    async def fail(self, text: str) -> None:
        """Say that what was asked did not happen."""
        await self.say(text)

    async def refuse(self, error: PlaycallError) -> None:
        """Answer an error that was raised on purpose."""
        await self.fail(escape(error.message))

    async def finish(self, **answer: Any) -> None:
        """Acknowledge, once; a later call does nothing."""
        if not self.acknowledged:
            self.acknowledged = True
            await self.ack(**answer)

    async def open_modal(self, view: dict[str, Any]) -> None:
        await self.client.views_open(trigger_id=self.body["trigger_id"], view=view)


class CommandCall(Call):
    """A slash command. Its answer travels in the acknowledgement itself."""

    @classmethod
    def names(cls, body: Payload) -> str:
        return str(body["command"])

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

    @classmethod
    def names(cls, body: Payload) -> str:
        return str(body["actions"][0]["action_id"] if "actions" in body else body["callback_id"])

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

    async def redraw(self, text: str, blocks: Blocks) -> None:
        """Replace the private message in which the click was: the outbox cannot reach it."""
        await self.finish()
        await self.respond(text=text, blocks=blocks, response_type="ephemeral", replace_original=True)


class ViewCall(Call):
    """A submitted modal."""

    @classmethod
    def names(cls, body: Payload) -> str:
        return str(body["view"]["callback_id"])

    @property
    def view(self) -> Payload:
        shown: Payload = self.body["view"]
        return shown

    @property
    def form(self) -> Form:
        return Form(self.view)

    @property
    def metadata(self) -> str:
        return str(self.view.get("private_metadata") or "")

    async def say(self, text: str, blocks: Blocks | None = None) -> None:
        await self.finish(response_action="update", view=build_notice_view(text, blocks))

    async def fail(self, text: str) -> None:
        """Say what is wrong in place of the modal, and give back what was written into it."""
        await self.say(text, build_unsaved_blocks(text, self.form.typed()))

    async def refuse(self, error: PlaycallError) -> None:
        """What is wrong with one input is said at that input; the modal stays open."""
        field = error.field if isinstance(error, InvalidInput) and error.field else ""
        inputs = [block_id for block_id in (field, answer_input(field)) if self.form.has(block_id)]
        if inputs:
            await self.reject({inputs[0]: error.message})
        else:
            await super().refuse(error)

    async def reject(self, errors: Mapping[str, str]) -> None:
        """Keep the modal open and say, by block id, what to mend."""
        await self.finish(response_action="errors", errors=dict(errors))


class EventCall(Call):
    """An event that nobody waits for an answer to; what it leads to goes through the outbox."""

    @classmethod
    def names(cls, body: Payload) -> str:
        return str(body["event"]["type"])

    @classmethod
    def ignores(cls, body: Payload) -> bool:
        """Of messages only what a person replies in a thread or writes to us matters: not bots, edits or other talk."""
        event = body["event"]
        if event.get("type") != "message":
            return False
        spoken = event.get("subtype") in SPOKEN and event.get("user") and not event.get("bot_id")
        replied = event.get("thread_ts") and event["thread_ts"] != event.get("ts")
        return not (spoken and (replied or event.get("channel_type") == "im"))

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

    async def refuse(self, error: PlaycallError) -> None:
        """A stranger's Home tab says why it is empty; what strangers say to each other is not ours to answer."""
        if not isinstance(error, NotAMember):
            await super().refuse(error)
        elif self.event.get("type") == "app_home_opened":
            await self.finish()
            await self.client.views_publish(user_id=self.event["user"], view=build_stranger_home(escape(error.message)))
