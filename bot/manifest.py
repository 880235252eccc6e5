"""The Slack app manifest, computed from what is really used: the table of listeners and the Web API methods called."""

from collections.abc import Iterator
from typing import Any

import yaml

from handlers import table

# Scopes of the Web API methods that are called; tests hold the keys against the source.
METHOD_SCOPES: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),  # was it posted before the crash?
    "conversations.list": ("channels:read", "groups:read"),  # channels are set by name
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.upload_v2": ("files:write",),  # the SDK's name for the three calls by which a picture is posted
    "users.info": ("users:read", "users:read.email"),  # members are imported by email and recognised by it
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.publish": (),
}

# An event of handlers.table, as Bolt calls it, and the subscriptions it comes from with their scopes.
EVENT_SUBSCRIPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "app_home_opened": {"app_home_opened": ()},
    "message": {  # replies in the threads of our messages
        "message.channels": ("channels:history",),
        "message.groups": ("groups:history",),
        "message.im": ("im:history",),
    },
}

COMMAND_WORDS: dict[str, tuple[str, str]] = {
    "/account": ("An account's health, timeline, notes and milestones", "health acme"),
    "/playbook": ("Find, read and start playbooks", "start renewal-120 acme"),
    "/escalate": ("Call for help with an account", "acme"),
}

SHORTCUT_WORDS: dict[str, tuple[str, str]] = {
    "log_to_account": ("Log to account", "Keep this message as a note on an account"),
}

DEMO_ONLY = frozenset({"/clock"})


def build_manifest(url: str | None = None) -> dict[str, Any]:
    """The manifest of an app that Slack reaches at `url`, or over Socket Mode when there is none."""
    endpoint = {"request_url": f"{url.rstrip('/')}/slack/events"} if url else {}
    return {
        "display_information": {
            "name": "Playcall",
            "description": "Runs customer-success playbooks from Slack",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,  # replies in a message's thread become notes
            },
            "bot_user": {"display_name": "Playcall", "always_online": True},
            "shortcuts": list(_shortcuts()),
            "slash_commands": list(_commands(endpoint.get("request_url"))),
        },
        "oauth_config": {"scopes": {"bot": sorted(used_scopes())}},
        "settings": {
            "event_subscriptions": {**endpoint, "bot_events": sorted(_subscriptions())},
            "interactivity": {"is_enabled": True, **endpoint},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def manifest_yaml(url: str | None = None) -> str:
    return yaml.safe_dump(build_manifest(url), sort_keys=False, allow_unicode=True)


def used_scopes() -> set[str]:
    """Every scope that a method, a subscribed event, a command or a shortcut needs, and no other."""
    methods = {scope for scopes in METHOD_SCOPES.values() for scope in scopes}
    events = {scope for event in table.EVENTS for scopes in EVENT_SUBSCRIPTIONS[event].values() for scope in scopes}
    return methods | events | ({"commands"} if table.COMMANDS or table.SHORTCUTS else set())


def _subscriptions() -> set[str]:
    return {subscription for event in table.EVENTS for subscription in EVENT_SUBSCRIPTIONS[event]}


def _commands(request_url: str | None) -> Iterator[dict[str, Any]]:
    for command in table.COMMANDS:
        if command not in DEMO_ONLY:
            description, hint = COMMAND_WORDS[command]
            address = {"url": request_url} if request_url else {}
            yield {
                "command": command,
                **address,
                "description": description,
                "usage_hint": hint,
                "should_escape": False,
            }


def _shortcuts() -> Iterator[dict[str, Any]]:
    for callback_id in table.SHORTCUTS:
        name, description = SHORTCUT_WORDS[callback_id]
        yield {"name": name, "type": "message", "callback_id": str(callback_id), "description": description}
