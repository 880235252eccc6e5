"""The Web API methods of the Slack double: each takes the arguments of a call and returns what is beside `ok`."""

import math
from collections.abc import Callable
from typing import Any

from tests.support.slack_state import (
    BOT_ID,
    BOT_USER,
    MODAL_DEPTH,
    TEAM,
    Json,
    SlackError,
    SlackState,
    check,
    check_metadata,
)

Method = Callable[[SlackState, Json], Json]


def auth_test(_: SlackState, __: Json) -> Json:
    return {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID, "team": "Ours", "user": "playcall"}


def post_message(state: SlackState, call: Json) -> Json:
    channel = state.place_to_post(required(call, "channel"))
    content = message_content(call)
    if call.get("thread_ts"):
        parent = next((one for one in channel.messages if one["ts"] == call["thread_ts"]), None)
        if parent is None:
            raise SlackError("thread_not_found")
        content["thread_ts"] = call["thread_ts"]
    message = state.post(channel, content)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update_message(state: SlackState, call: Json) -> Json:
    """An update without metadata keeps the metadata there is."""
    channel = state.conversation(required(call, "channel"))
    message = channel.find(required(call, "ts"))
    if message.get("bot_id") != BOT_ID:
        raise SlackError("cant_update_message")
    message |= message_content(call) | {"edited": {"user": BOT_USER, "ts": state.timestamp(state.clock.now())}}
    return {"channel": channel.id, "ts": message["ts"], "text": message.get("text", ""), "message": message}


def post_ephemeral(state: SlackState, call: Json) -> Json:
    state.place_to_post(required(call, "channel"))
    state.user(required(call, "user"))
    message_content(call)
    return {"message_ts": state.timestamp(state.clock.now())}


def delete_message(state: SlackState, call: Json) -> Json:
    channel = state.conversation(required(call, "channel"))
    channel.messages.remove(channel.find(required(call, "ts")))
    return {"channel": channel.id, "ts": call["ts"]}


def open_conversation(state: SlackState, call: Json) -> Json:
    return {"channel": {"id": state.direct_channel(required(call, "users")).id}}


def get_upload_url(state: SlackState, call: Json) -> Json:
    if not int(required(call, "length")) or not required(call, "filename"):
        raise SlackError("invalid_arguments")
    file_id = f"F{state.serial()}"
    state.files[file_id] = b""
    return {"file_id": file_id, "upload_url": f"{state.files_url}{file_id}"}


def complete_upload(state: SlackState, call: Json) -> Json:
    """The files, whose bytes have come, become one message in the conversation."""
    files = required(call, "files")
    if any(not state.files.get(file["id"]) for file in files):
        raise SlackError("file_not_found")
    state.post(
        state.place_to_post(required(call, "channel_id")), {"text": call.get("initial_comment", ""), "files": files}
    )
    return {"files": files}


def history(state: SlackState, call: Json) -> Json:
    """Newest first, without replies in threads."""
    channel = state.conversation(required(call, "channel"))
    top = [one for one in channel.messages if one.get("thread_ts") in {None, one["ts"]}]
    return page([shown(one, call) for one in reversed(top) if within(one, call)], call, "messages")


def replies(state: SlackState, call: Json) -> Json:
    """The message that began the thread, then the replies, oldest first."""
    channel = state.conversation(required(call, "channel"))
    parent = required(call, "ts")
    thread = [one for one in channel.messages if parent in {one["ts"], one.get("thread_ts")}]
    if not thread:
        raise SlackError("thread_not_found")
    return page([shown(one, call) for one in thread if within(one, call)], call, "messages")


def list_conversations(state: SlackState, call: Json) -> Json:
    channels = [one.described() for one in state.channels.values() if one.user is None]
    return page(channels, call, "channels")


def describe_conversation(state: SlackState, call: Json) -> Json:
    return {"channel": state.conversation(required(call, "channel")).described()}


def describe_user(state: SlackState, call: Json) -> Json:
    return {"user": state.user(required(call, "user"), may_be_deleted=True)}


def list_users(state: SlackState, call: Json) -> Json:
    return page(list(state.users.values()), call, "members")


def look_up_by_email(state: SlackState, call: Json) -> Json:
    email = required(call, "email").lower()
    for user in state.users.values():
        if user["profile"]["email"].lower() == email and not user.get("deleted"):
            return {"user": user}
    raise SlackError("users_not_found")


def open_view(state: SlackState, call: Json) -> Json:
    state.spend_trigger(call.get("trigger_id"))
    view = state.keep_view(required(call, "view"), "modal")
    state.modals = [view["id"]]
    return {"view": view}


def push_view(state: SlackState, call: Json) -> Json:
    state.spend_trigger(call.get("trigger_id"))
    if len(state.modals) >= MODAL_DEPTH:
        raise SlackError("push_limit_reached")
    view = state.keep_view(required(call, "view"), "modal")
    state.modals.append(view["id"])
    return {"view": view}


def update_view(state: SlackState, call: Json) -> Json:
    old = state.view(call.get("view_id"), call.get("external_id"))
    check_hash(old, call)
    return {"view": state.keep_view(required(call, "view"), old["type"], view_id=old["id"])}


def publish_view(state: SlackState, call: Json) -> Json:
    user = state.user(required(call, "user_id"))
    old = state.homes.get(user["id"], {})
    check_hash(old, call)
    view = state.keep_view(required(call, "view"), "home", view_id=old.get("id"))
    state.homes[user["id"]] = view
    return {"view": view}


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "chat.delete": delete_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.postMessage": post_message,
    "chat.update": update_message,
    "conversations.history": history,
    "conversations.info": describe_conversation,
    "conversations.list": list_conversations,
    "conversations.open": open_conversation,
    "conversations.replies": replies,
    "files.completeUploadExternal": complete_upload,
    "files.getUploadURLExternal": get_upload_url,
    "users.info": describe_user,
    "users.list": list_users,
    "users.lookupByEmail": look_up_by_email,
    "views.open": open_view,
    "views.publish": publish_view,
    "views.push": push_view,
    "views.update": update_view,
}


def required(call: Json, name: str) -> Any:
    if not call.get(name):
        raise SlackError("invalid_arguments", messages=[f"missing {name}"])
    return call[name]


def message_content(call: Json) -> Json:
    """What a message says, checked."""
    if not call.get("text") and not call.get("blocks"):
        raise SlackError("no_text")
    check({"text": call.get("text"), "blocks": call.get("blocks")}, "invalid_blocks")
    if "metadata" in call:
        check_metadata(call["metadata"])
    return {name: call[name] for name in ("text", "blocks", "metadata") if call.get(name) is not None}


def check_hash(view: Json, call: Json) -> None:
    if call.get("hash") and view and call["hash"] != view["hash"]:
        raise SlackError("hash_conflict")


def shown(message: Json, call: Json) -> Json:
    """Metadata is left out unless it is asked for."""
    if is_set(call, "include_all_metadata"):
        return message
    return {name: value for name, value in message.items() if name != "metadata"}


def within(message: Json, call: Json) -> bool:
    """Whether a message lies between `oldest` and `latest`, both excluded unless `inclusive` is set."""
    ts, oldest, latest = float(message["ts"]), float(call.get("oldest") or 0), float(call.get("latest") or math.inf)
    at_an_end = ts in {oldest, latest}
    return oldest <= ts <= latest and (not at_an_end or is_set(call, "inclusive"))


def is_set(call: Json, name: str) -> bool:
    return str(call.get(name, "")).lower() in {"1", "true"}


def page(rows: list[Json], call: Json, name: str) -> Json:
    start, size = int(call.get("cursor") or 0), min(int(call.get("limit") or 100), 999)
    end = start + size
    more = end < len(rows)
    metadata = {"next_cursor": str(end) if more else ""}
    return {name: rows[start:end], "has_more": more, "response_metadata": metadata}
