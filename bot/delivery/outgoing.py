"""What a builder makes of a delivery: exactly what is to be sent, as plain values."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.db import ReadingConnection
from bot.errors import PlaycallError
from bot.models import Delivery
from bot.services import Services

Blocks = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMessage:
    """A message to a channel (id or name) or to a member: exactly one of the two.

    A message that names steps or an escalation is remembered, so that it can be redrawn when they change; one that
    only `takes_notes` is remembered so that replies under it become notes of the delivery's account; and one that
    `asks` so that it can show the answer. With `email_id` it shows a mail, in the channel that stands in for a server.
    """

    text: str
    blocks: Blocks
    channel: str | None = None
    member_id: int | None = None
    thread_ts: str | None = None
    step_ids: tuple[int, ...] = ()
    escalation_id: int | None = None
    takes_notes: bool = False
    asks: bool = False
    email_id: int | None = None

    @property
    def is_remembered(self) -> bool:
        return bool(self.step_ids) or self.escalation_id is not None or self.takes_notes or self.asks

    def __post_init__(self) -> None:
        if (self.channel is None) == (self.member_id is None):
            raise ValueError("a message goes either to a channel or to a member")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateMessage:
    channel: str
    ts: str
    text: str
    blocks: Blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHome:
    slack_user_id: str
    view: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """How the reader ends it: by a page of ours, where there is one, and by writing to an address."""

    mailto: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMail:
    """A mail to one contact. `message_id` was fixed when it was queued; `references` are its thread, oldest first."""

    email_id: int
    message_id: str
    sender: Mailbox
    to: Mailbox
    subject: str
    text: str
    at: datetime
    reply_to: Mailbox | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    unsubscribe: Unsubscribe | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class HoldMail:
    """Something speaks against a mail now that its turn has come: `why` is a sentence."""

    email_id: int
    why: str


Outgoing = PostMessage | UpdateMessage | PublishHome | SendMail | HoldMail

Builder = Callable[[ReadingConnection, Delivery, Services, datetime], Awaitable[Outgoing | None]]
"""Reads saved state at the moment of sending. None: there is nothing to say any more. May raise CannotSend."""


class CannotSend(PlaycallError):
    """This cannot be sent, and trying again would not help."""
