"""Who is who in a rehearsal, and what their messages say without Slack around them."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.models import Member
from bot.slack.text import ZERO_WIDTH_SPACE

PLAYCALL = "Playcall"

_MENTION = re.compile(r"<@([A-Z0-9]+)>")
_LINK = re.compile(r"<[^|>\s]+\|([^>]*)>")
_BARE_LINK = re.compile(r"<((?:https?|mailto):[^>]+)>")
_BOLD = re.compile(rf"(?<!{ZERO_WIDTH_SPACE})\*(?!{ZERO_WIDTH_SPACE})")  # one that is shown has such spaces around it


@dataclass(frozen=True)
class Cast:
    """`zone` is that of the CSM, in which all times are told."""

    zone: ZoneInfo
    names: Mapping[int, str]  # by member id
    users: Mapping[str, str]  # names by Slack user id

    def name_of(self, member_id: int | None) -> str:
        return self.names.get(member_id or 0, PLAYCALL)

    def words_of(self, blocks: Iterable[Mapping[str, Any]]) -> str:
        """What a message says, a line a text; its buttons are left out."""
        return "\n".join(self._plain(text) for block in blocks for text in _texts(block))

    def _plain(self, mrkdwn: str) -> str:
        named = _MENTION.sub(lambda mention: self.users.get(mention[1], mention[0]), mrkdwn)
        unlinked = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", named))
        return html.unescape(_BOLD.sub("", unlinked).replace(ZERO_WIDTH_SPACE, ""))


async def gather_cast(session: AsyncSession, zone: str) -> Cast:
    members = (await session.exec(select(Member))).all()
    users = {member.slack_user_id: member.name for member in members if member.slack_user_id}
    return Cast(ZoneInfo(zone), {member.id: member.name for member in members}, users)


def _texts(block: Mapping[str, Any]) -> Iterator[str]:
    if block["type"] == "section":
        yield block["text"]["text"]
    elif block["type"] == "context":
        yield from (element["text"] for element in block["elements"])
