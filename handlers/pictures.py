"""Pictures are sent to the person who asked, in their conversation with Playcall.

Slack takes a file into a conversation and nowhere else: a private answer in a channel cannot hold one, and an address
of ours would have to be reachable from everywhere.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from bot.errors import ConfigurationError
from handlers.call import Call

NO_SCOPE = (
    "Playcall may not send pictures in this workspace. Ask its admin to add the scope files:write, which playcall "
    "manifest prints, and to install the app again."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """`draw` makes the PNG; it is called in a thread. `told` is what the picture shows, for those who cannot see it."""

    name: str
    title: str
    told: str
    draw: Callable[[], bytes]


async def send_pictures(call: Call, pictures: Sequence[Picture], comment: str) -> None:
    """Draw and post them, in one message."""
    drawn = [await asyncio.to_thread(picture.draw) for picture in pictures]
    files = [
        {"file": png, "filename": picture.name, "title": picture.title, "alt_txt": picture.told}
        for picture, png in zip(pictures, drawn, strict=True)
    ]
    try:
        opened = await call.client.conversations_open(users=call.actor.slack_user_id)
        await call.client.files_upload_v2(file_uploads=files, channel=opened["channel"]["id"], initial_comment=comment)
    except SlackApiError as error:
        if error.response.get("error") == "missing_scope":
            raise ConfigurationError(NO_SCOPE) from error
        raise
