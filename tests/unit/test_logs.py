import json
import logging
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging, masked

pytestmark = pytest.mark.usefixtures("own_logging")


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(capsys.readouterr().err.splitlines()[-1])
    return line


def test_an_event_is_one_line_of_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", for_a_person=False)
    structlog.get_logger("bot.x").info("touchpoint_fired", touchpoint_id=7)
    line = last_line(capsys)
    assert (line["event"], line["touchpoint_id"], line["level"]) == ("touchpoint_fired", 7, "info")


def test_what_libraries_log_comes_out_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", for_a_person=False)
    logging.getLogger("uvicorn.error").warning("port %s", 3000)
    assert last_line(capsys)["event"] == "port 3000"


def test_tokens_and_passwords_are_masked_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", for_a_person=False)
    try:
        raise ValueError("postgres://bob:hunter2@db/playcall")
    except ValueError:
        structlog.get_logger().exception("failed xoxb-12-abcDEF", nested={"list": ["xapp-1-A0-9-f00"]})
    written = capsys.readouterr().err
    for hidden in ("abcDEF", "f00", "hunter2"):
        assert hidden not in written
    assert "failed xoxb-***" in written
    assert "Traceback" in json.loads(written)["exception"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("xoxe.xoxp-1-Mi0yLTU", "xoxe.xoxp-***"),
        (f"token playcall_{'a-B_' * 11}!", "token playcall_***!"),
        ("Authorization: Bearer s3cr3ts3cr3t", "Authorization: Bearer ***"),
        ("smtp://bob:hun@ter2@mail:587", "smtp://***@mail:587"),
        ("smtps://:hunter2@mail", "smtps://***@mail"),
        ("postgresql+asyncpg://db/playcall?user=bob&password=hunter2&ssl=true", "postgresql+asyncpg://db/playcall?user=bob&password=***&ssl=true"),
        ("wss://wss-primary.slack.com/link/?ticket=f00&app_id=1", "wss://wss-primary.slack.com/link/?ticket=***&app_id=1"),
        (f"GET /unsubscribe/{'k' * 43} 200", "GET /unsubscribe/*** 200"),
        ("https://hooks.slack.com/actions/T1/2/abc", "https://hooks.slack.com/***"),
        ("playcall_deliveries_waiting 3", "playcall_deliveries_waiting 3"),
        ("http://localhost:3000/docs?by=maya@ours.example", "http://localhost:3000/docs?by=maya@ours.example"),
    ],
)  # fmt: skip
def test_what_opens_a_door_is_masked_and_all_else_is_shown(written: str, shown: str) -> None:
    assert masked(written) == shown


def test_requests_that_bolt_refuses_are_not_logged_with_their_bodies(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", for_a_person=False)
    logging.getLogger("slack_bolt.RequestVerification").info("Invalid request signature detected (body: secret)")
    assert capsys.readouterr().err == ""
