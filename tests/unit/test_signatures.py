"""Signatures are compared in the same time whatever is in them, so that none can be guessed bit by bit."""

import hmac
from datetime import UTC, datetime
from unittest.mock import MagicMock

import pytest

from bot.api import signatures
from bot.api.signatures import is_from_hubspot, is_from_segment, is_from_zendesk

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_every_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compare = MagicMock(wraps=hmac.compare_digest)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    milliseconds = str(int(NOW.timestamp() * 1000))
    assert not is_from_segment("secret", b"{}", "wrong")
    assert not is_from_zendesk("secret", b"{}", "2026", "wrong")
    assert not is_from_hubspot("secret", "POST", ["https://a"], b"{}", milliseconds, "wrong", NOW)
    assert compare.call_count == 3


@pytest.mark.parametrize("seconds", [-301, 301])
def test_hubspots_requests_count_for_five_minutes(seconds: int) -> None:
    then = str(int((NOW.timestamp() + seconds) * 1000))
    signature = signatures._base64("secret", b"POSThttps://a{}" + then.encode())
    assert not is_from_hubspot("secret", "POST", ["https://a"], b"{}", then, signature, NOW)
    assert is_from_hubspot(
        "secret", "POST", ["https://a"], b"{}", then, signature, datetime.fromtimestamp(int(then) / 1000, UTC)
    )
