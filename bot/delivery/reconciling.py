"""Looking whether a message already stands in Slack, before it is sent a second time."""

from bot.delivery.addresses import Addresses
from bot.delivery.outgoing import PostMessage
from bot.delivery.web_api import EVENT_TYPE, Posted, WebApi

PAGES = 5  # of 200 messages: far more than a conversation gets between a crash and the look


async def find_posted(api: WebApi, addresses: Addresses, channel: str, message: PostMessage, key: str) -> Posted | None:
    """The message that carries the delivery's key, if it was posted.

    It looks back by number of messages and not by time, because the demo's clock is not Slack's.
    """
    conversation = await addresses.conversation_id(channel)
    if conversation is None:
        return None
    cursor = ""
    for _ in range(PAGES):
        page, cursor = await api.messages(conversation, message.thread_ts, cursor)
        for posted in page:
            if _delivery_key(posted) == key:
                return Posted(conversation, posted["ts"])
        if not cursor:
            break
    return None


def _delivery_key(message: dict[str, object]) -> object:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    return metadata.get("event_payload", {}).get("delivery")
