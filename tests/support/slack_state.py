"""What the Slack double holds: people, conversations, messages, views, and the pace at which it takes messages."""

import math
import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.slack.limits import violations

TEAM = "T0OURS"
BOT_USER, BOT_ID = "U0BOT", "B0BOT"
TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE, RESPONSE_USES = timedelta(minutes=30), 5
MODAL_DEPTH = 3
PACE = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TIERS = {  # calls a minute of what is not paced by channel; Slack says "20+", "50+" and "100+"
    20: ("conversations.list", "users.list"),
    50: (
        "chat.delete",
        "chat.update",
        "conversations.history",
        "conversations.info",
        "conversations.open",
        "conversations.replies",
        "users.lookupByEmail",
    ),
    100: (
        "chat.postEphemeral",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "users.info",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
    ),
}
CALLS_A_MINUTE = {method: number for number, methods in TIERS.items() for method in methods}
# Requests that leave a second apart do not arrive exactly a second apart.
TOLERANCE = timedelta(milliseconds=100)

Json = dict[str, Any]


class SlackError(Exception):
    """An answer with ok: false (or status 429 for `ratelimited`)."""

    def __init__(self, code: str, *, messages: list[str] | None = None, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.retry_after = retry_after


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    archived: bool = False
    bot_is_in: bool = True
    user: str | None = None  # the other side of a direct message
    messages: list[Json] = field(default_factory=list)
    last_accepted: datetime | None = None

    def find(self, ts: str) -> Json:
        found = next((message for message in self.messages if message["ts"] == ts), None)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def described(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": self.user is None,
            "is_im": self.user is not None,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_member": self.bot_is_in,
        } | ({"user": self.user} if self.user else {})


@dataclass
class ResponseUrl:
    until: datetime
    uses: int = 0


class SlackState:
    """A workspace. Nothing in it reads the time but through the clock it is given."""

    def __init__(self, clock: Clock, *, messages_per_minute: int = 1200, has_tiers: bool = True) -> None:
        self.clock = clock
        self.messages_per_minute = messages_per_minute
        self.has_tiers = has_tiers
        self.users: dict[str, Json] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, Json] = {}
        self.homes: dict[str, Json] = {}  # by user
        self.triggers: dict[str, datetime] = {}
        self.used_triggers: set[str] = set()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, bytes] = {}  # by id; empty until the bytes have come
        self.files_url = ""  # where they are to be posted, by id; the server says where that is
        self.modals: list[str] = []  # the ids of the views that lie on top of each other
        self.accepted: Counter[str] = Counter()  # messages by the delivery key in their metadata
        self.accepted_at: list[datetime] = []
        self._recent: deque[datetime] = deque()
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)  # of the last minute, by method
        self._serial = 0

    def add_person(self, name: str, *, email: str | None = None, user_id: str | None = None, **flags: Any) -> Json:
        """`flags` are those of a Slack user: deleted, is_restricted, is_bot ..."""
        user_id = user_id or f"U0{name.upper()}"
        profile = {"email": email or f"{name}@ours.example", "real_name": name.capitalize()}
        user = {"id": user_id, "team_id": TEAM, "name": name, "real_name": name.capitalize(), "profile": profile}
        self.users[user_id] = user | flags
        return self.users[user_id]

    def add_channel(self, name: str, *, channel_id: str | None = None, **state: Any) -> Channel:
        """`state`: private, archived, bot_is_in."""
        made = "C0" + re.sub(r"[^A-Z0-9]", "", name.upper())
        channel = Channel(channel_id or made, name, **state)
        self.channels[channel.id] = channel
        return channel

    def new_trigger(self) -> str:
        """A trigger id, as comes with a command or a click: good for three seconds, and once."""
        trigger = f"{self.serial()}.trigger"
        self.triggers[trigger] = self.clock.now()
        return trigger

    def new_response(self) -> str:
        name = f"R{self.serial()}"
        self.response_urls[name] = ResponseUrl(self.clock.now() + RESPONSE_LIFE)
        return name

    def serial(self) -> int:
        self._serial += 1
        return self._serial

    def direct_channel(self, user_id: str) -> Channel:
        self.user(user_id)
        channel_id = f"D{user_id[1:]}"
        return self.channels.setdefault(channel_id, Channel(channel_id, channel_id, user=user_id))

    def user(self, user_id: str, *, may_be_deleted: bool = False) -> Json:
        user = self.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        if user.get("deleted") and not may_be_deleted:
            raise SlackError("account_inactive")
        return user

    def conversation(self, name: str) -> Channel:
        """A conversation by id or name; a user's id stands for the direct messages with them."""
        if name in self.channels:
            channel = self.channels[name]
        elif name in self.users:
            channel = self.direct_channel(name)
        else:
            wanted = name.removeprefix("#")
            found = next((one for one in self.channels.values() if one.name == wanted), None)
            if found is None:
                raise SlackError("channel_not_found")
            channel = found
        if channel.user:
            self.user(channel.user)
        return channel

    def place_to_post(self, name: str) -> Channel:
        channel = self.conversation(name)
        if not channel.bot_is_in:
            raise SlackError("channel_not_found" if channel.private else "not_in_channel")
        if channel.archived:
            raise SlackError("is_archived")
        return channel

    def post(self, channel: Channel, content: Json) -> Json:
        """Take a message, or refuse it for its pace."""
        now = self.clock.now()
        self._check_pace(channel, now)
        channel.last_accepted = now
        self._recent.append(now)
        self.accepted_at.append(now)
        message = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "ts": self.timestamp(now), **content}
        channel.messages.append(message)
        if key := message.get("metadata", {}).get("event_payload", {}).get("delivery"):
            self.accepted[key] += 1
        return message

    def timestamp(self, now: datetime) -> str:
        """Microseconds tell apart what happens at the same moment."""
        return f"{int(now.timestamp())}.{self.serial():06d}"

    def count_call(self, method: str) -> None:
        """Take a call of a method, or refuse it for the limit of its tier."""
        limit, now, recent = CALLS_A_MINUTE.get(method), self.clock.now(), self._calls[method]
        if limit is None or not self.has_tiers:
            return
        if wait := wait_for_room(recent, limit, now):
            raise SlackError("ratelimited", retry_after=wait)
        recent.append(now)

    def _check_pace(self, channel: Channel, now: datetime) -> None:
        if channel.last_accepted and now < channel.last_accepted + PACE - TOLERANCE:
            raise SlackError("ratelimited", retry_after=1)
        if wait := wait_for_room(self._recent, self.messages_per_minute, now):
            raise SlackError("ratelimited", retry_after=wait)

    def spend_trigger(self, trigger: str | None) -> None:
        if not trigger or (trigger not in self.triggers and trigger not in self.used_triggers):
            raise SlackError("invalid_trigger_id")
        if trigger in self.used_triggers:
            raise SlackError("exchanged_trigger_id")
        self.used_triggers.add(trigger)
        if self.clock.now() > self.triggers.pop(trigger) + TRIGGER_LIFE:
            raise SlackError("expired_trigger_id")

    def spend_response(self, name: str) -> None:
        address = self.response_urls.get(name)
        if address is None or self.clock.now() > address.until:
            raise SlackError("expired_url")
        if address.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        address.uses += 1

    def keep_view(self, view: Json, kind: str, *, view_id: str | None = None) -> Json:
        if view.get("type") != kind:
            raise SlackError("invalid_arguments", messages=[f"expected a view of type {kind}"])
        check(view, "invalid_arguments")
        kept = view | {"id": view_id or f"V{self.serial():06d}", "hash": f"{self.serial()}.hash", "team_id": TEAM}
        self.views[kept["id"]] = kept
        return kept

    def view(self, view_id: str | None, external_id: str | None = None) -> Json:
        for view in self.views.values():
            if view["id"] == view_id or (external_id and view.get("external_id") == external_id):
                return view
        raise SlackError("not_found")


def wait_for_room(recent: deque[datetime], limit: int, now: datetime) -> int:
    """The seconds until there were fewer than `limit` in the minute before; 0 for now. Forgets those that are over."""
    while recent and recent[0] <= now - MINUTE:
        recent.popleft()
    if len(recent) < limit:
        return 0
    return max(1, math.ceil((recent[0] + MINUTE - now).total_seconds()))


def check_metadata(metadata: Any) -> None:
    """An event type, and a payload without a level below it."""
    is_flat = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not is_flat or not metadata.get("event_type"):
        raise SlackError("invalid_metadata_format")
    if any(isinstance(value, dict | list) for value in metadata["event_payload"].values()):
        raise SlackError("invalid_metadata_format", messages=["event_payload: one level only"])


def check(payload: Json, code: str) -> None:
    """Slack's own check of blocks and views; the messages say where."""
    if found := violations(payload):
        raise SlackError(code, messages=found)
