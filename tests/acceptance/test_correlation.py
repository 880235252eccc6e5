"""From a click to what is delivered because of it: one name in the log."""

import re

from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from bot.models import DeliveryKind
from tests.support.play import Play


async def test_a_click_and_what_is_delivered_of_it_carry_one_name_in_the_log(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    with capture_logs(processors=[merge_contextvars]) as before:
        await play.ws.click("maya", message, "step_complete")
        await play.send()
    (click,) = [event for event in before if event["event"] == "request_changed"]
    assert (click["listener"], click["member_id"]) == ("handle_step_complete", play.world.maya.member_id)
    ended = [event for event in before if event["event"] == "delivery_ended"]
    assert {event["kind"] for event in ended} >= {DeliveryKind.REDRAW, DeliveryKind.HOME}
    assert {event["request"] for event in ended} == {click["request"]}
    assert re.fullmatch(r"[0-9a-f]{8}", click["request"])
