"""Clicks as Slack posts them, signed and ready for the socket: for benchmarks and crash tests."""

import json
import time
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.slack.ids import ActionId
from bot.slack.payloads import StepRef
from tests.support.slack_state import TEAM

SECRET = "a-signing-secret"
NOWHERE = "http://127.0.0.1:1/none"


def signed(body: str) -> bytes:
    """A request as Slack sends it."""
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    head = (
        "POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: {signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


def complete_click(step_id: int, user: str, response_url: str = NOWHERE) -> bytes:
    """Somebody clicks Complete on a step."""
    click = {
        "type": "block_actions",
        "user": {"id": user, "team_id": TEAM},
        "team": {"id": TEAM},
        "api_app_id": "A1",
        "trigger_id": "t",
        "response_url": response_url,
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "D1"},
        "channel": {"id": "D1"},
        "actions": [
            {
                "type": "button",
                "block_id": "b",
                "action_id": ActionId.STEP_COMPLETE,
                "value": StepRef(step=step_id, revision=0).pack(),
            }
        ],
    }
    return signed(urlencode({"payload": json.dumps(click)}))
