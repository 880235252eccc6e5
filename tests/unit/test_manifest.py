"""The manifest asks for what is used, and for nothing more."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.manifest import (
    COMMAND_WORDS,
    DEMO_ONLY,
    EVENT_SUBSCRIPTIONS,
    METHOD_SCOPES,
    SHORTCUT_WORDS,
    build_manifest,
    manifest_yaml,
    used_scopes,
)
from bot.settings import ROOT
from handlers import table

# Called with the SDK's method names: client.chat_postMessage(...). The demo talks to its own workspace only.
CALL = re.compile(r"client\.((?:auth|chat|conversations|files|pins|reactions|team|usergroups|users|views)_\w+)\(")


def called_methods() -> Iterator[str]:
    for folder in ("bot", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            if "demo" not in path.parts:
                for name in CALL.findall(path.read_text()):
                    yield name.replace("_", ".", 1)


def test_every_method_that_is_called_has_its_scopes_listed_and_no_other_is() -> None:
    assert set(METHOD_SCOPES) == {*called_methods(), "auth.test"}  # Bolt itself calls auth.test


def test_every_scope_is_needed_by_a_method_an_event_or_a_command() -> None:
    needed = {scope for scopes in METHOD_SCOPES.values() for scope in scopes}
    needed |= {s for e in table.EVENTS for scopes in EVENT_SUBSCRIPTIONS[e].values() for s in scopes}
    assert used_scopes() - {"commands"} == needed
    assert ("commands" in used_scopes()) == bool(table.COMMANDS or table.SHORTCUTS)


def test_every_interaction_of_the_table_is_in_the_manifest() -> None:
    features = build_manifest()["features"]
    assert {command["command"] for command in features["slash_commands"]} == set(table.COMMANDS) - DEMO_ONLY
    assert {shortcut["callback_id"] for shortcut in features["shortcuts"]} == set(table.SHORTCUTS)


@pytest.mark.parametrize("words", [*COMMAND_WORDS.values(), *SHORTCUT_WORDS.values()])
def test_descriptions_keep_to_slacks_limits(words: tuple[str, str]) -> None:
    name, description = words
    assert len(name) <= 100
    assert len(description) <= 150


def test_over_socket_mode_no_address_is_needed() -> None:
    manifest = build_manifest()
    assert manifest["settings"]["socket_mode_enabled"]
    assert "request_url" not in manifest_yaml()
    assert "url:" not in manifest_yaml()


def test_over_http_everything_goes_to_one_address() -> None:
    manifest = build_manifest("https://playcall.example.com/")
    expected = "https://playcall.example.com/slack/events"
    settings: dict[str, Any] = manifest["settings"]
    assert settings["event_subscriptions"]["request_url"] == expected
    assert settings["interactivity"]["request_url"] == expected
    assert {command["url"] for command in manifest["features"]["slash_commands"]} <= {expected}
    assert not settings["socket_mode_enabled"]


def test_what_is_printed_is_yaml_that_reads_back_the_same() -> None:
    assert yaml.safe_load(manifest_yaml()) == build_manifest()
