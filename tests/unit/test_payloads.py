"""What buttons and modals carry comes back from outside."""

import pytest

from bot.slack.payloads import Outdated, StepRef, unpack


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "7",
        '{"step": 7}',
        '{"v": 2, "step": 7, "revision": 0}',
        '{"v": 1, "step": 7, "revision": 0, "actor": 1}',
        '{"v": 1, "step": {"$gt": 0}, "revision": 0}',
        '{"v": 1, "step": 7.5, "revision": 0}',
        '{"v": 1, "step": 7, "revision": 0, "place": "everywhere"}',
        "[" * 100_000,
    ],
)
def test_a_value_we_never_wrote_is_refused(value: str) -> None:
    with pytest.raises(Outdated):
        unpack(StepRef, value)
