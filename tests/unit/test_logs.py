import json
import logging
from typing import Any

import pytest
import structlog

from bot.logs import configure_logging

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
    secrets = ["xoxb-12-abcDEF", "xapp-1-A0-9-f00", "postgres://bob:hunter2@db/playcall"]
    try:
        raise ValueError(secrets[2])
    except ValueError:
        structlog.get_logger().exception("failed " + secrets[0], nested={"list": [secrets[1]]})
    written = capsys.readouterr().err
    for hidden in ("abcDEF", "f00", "hunter2"):
        assert hidden not in written
    assert "failed xoxb-***" in written
    assert "Traceback" in json.loads(written)["exception"]


def test_requests_that_bolt_refuses_are_not_logged_with_their_bodies(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", for_a_person=False)
    logging.getLogger("slack_bolt.RequestVerification").info("Invalid request signature detected (body: secret)")
    assert capsys.readouterr().err == ""
