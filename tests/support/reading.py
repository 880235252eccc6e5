"""What a person reads in an answer."""

import json
from collections.abc import Mapping
from typing import Any

from bot.slack.limits import violations


def shown(answer: Mapping[str, Any]) -> str:
    """All text of an answer, a modal or a message, one piece a line. It fails when Slack would refuse the payload."""
    payload = {key: value for key, value in answer.items() if key != "response_type"}
    assert violations(payload) == []
    return "\n".join(_texts(answer.get("blocks") or answer.get("text", "")))


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    if isinstance(node, list):
        return [text for item in node for text in _texts(item)]
    if isinstance(node, Mapping):
        found = [node["text"]] if isinstance(node.get("text"), str) else _texts(node.get("text", []))
        inner = ("elements", "fields", "element", "label", "options", "placeholder", "accessory", "hint")
        return found + [
            text for key in inner for text in _texts(node.get(key, [])) if not isinstance(node.get(key), str)
        ]
    return []


def dumped(answer: Mapping[str, Any]) -> str:
    """Everything of an answer, for what must appear nowhere in it."""
    return json.dumps(answer, ensure_ascii=False)
