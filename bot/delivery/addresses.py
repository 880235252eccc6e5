"""Which conversation in Slack a message goes to."""

import re

from sqlalchemy import bindparam, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.delivery.outgoing import PostMessage
from bot.delivery.refusals import SlackTrouble
from bot.delivery.web_api import WebApi
from bot.delivery.writing import Writer
from bot.models import Member
from bot.prepared import Prepared

CONVERSATION_ID = re.compile(r"[CDG][A-Z0-9]+")  # the names of channels are in lower case


class Addresses:
    """Conversations never change, so each is asked for once."""

    def __init__(self, api: WebApi, database: Database, writer: Writer) -> None:
        self._api = api
        self._database = database
        self._writer = writer
        self._direct: dict[int, str] = {}  # member id -> conversation id
        self._channels: dict[str, str] = {}  # name -> conversation id

    async def channel_of(self, message: PostMessage) -> str:
        """The conversation's id; for a channel that is configured by its name, the name, which Slack takes as well."""
        if message.member_id is None:
            return message.channel or ""
        if message.member_id not in self._direct:
            user = await self._slack_user_id(message.member_id)
            self._direct[message.member_id] = await self._api.open_conversation(user)
        return self._direct[message.member_id]

    async def conversation_id(self, channel: str) -> str | None:
        """The id of a channel given by id or name; None when there is no such channel that Playcall can see."""
        if is_conversation_id(channel):
            return channel
        if channel_name(channel) not in self._channels:
            await self._load_channels()
        return self._channels.get(channel_name(channel))

    async def lane_of(self, channel: str) -> str:
        """What a conversation's pace is counted under, however it is addressed: its id.

        The name, when Slack does not tell the id: the message need not wait for that, and posting it tells the id.
        """
        try:
            return await self.conversation_id(channel) or channel_name(channel)
        except SlackTrouble:
            return channel_name(channel)

    def remember(self, channel: str, conversation_id: str) -> None:
        if not is_conversation_id(channel):
            self._channels[channel_name(channel)] = conversation_id

    async def _load_channels(self) -> None:
        cursor, more = "", True
        while more:
            page, cursor = await self._api.channels(cursor)
            self._channels.update({channel["name"]: channel["id"] for channel in page})
            more = bool(cursor)

    async def _slack_user_id(self, member_id: int) -> str:
        async with self._database.glance() as reader:
            [(known, email)] = await _PERSON.rows(reader, {"member": member_id})
        if known:
            return str(known)
        found = await self._api.user_id_of(email)
        await self._writer.run(lambda session: remember_user(session, member_id, found))
        return found


_PERSON = Prepared(
    lambda: select(col(Member.slack_user_id), col(Member.email)).where(col(Member.id) == bindparam("member"))
)


async def remember_user(session: AsyncSession, member_id: int, slack_user_id: str) -> None:
    """Unless another member row has this Slack user already: two rows for one person, which `doctor` reports."""
    other = aliased(Member)
    taken = select(other.id).where(col(other.slack_user_id) == slack_user_id).exists()
    statement = (
        update(Member)
        .where(col(Member.id) == member_id, col(Member.slack_user_id).is_(None), ~taken)
        .values(slack_user_id=slack_user_id)
        .execution_options(synchronize_session=False)
    )
    await session.exec(statement)


def is_conversation_id(channel: str) -> bool:
    return CONVERSATION_ID.fullmatch(channel) is not None


def channel_name(channel: str) -> str:
    return channel.removeprefix("#").lower()
