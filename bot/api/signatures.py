"""Whether a webhook comes from who it says. Pure; every comparison takes the same time whatever is in it."""

import hmac
import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta

OLDEST = timedelta(minutes=5)  # HubSpot's own limit


def is_from_segment(secret: str, body: bytes, signature: str) -> bool:
    """Hexadecimal HMAC-SHA1 of the body. Of a batch, Segment signs the first event alone."""
    return any(_same(_hmac(secret, part, "sha1").hex(), signature) for part in (body, *_first_event(body)))


def _first_event(body: bytes) -> Iterable[bytes]:
    """The first event of a list, as it is written there."""
    text = body.decode("utf-8", "replace")
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "[":
        return
    inside = text[start + 1 :].lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(inside)
    except (ValueError, RecursionError):
        return
    yield inside[:end].encode()


def is_from_zendesk(secret: str, body: bytes, timestamp: str, signature: str) -> bool:
    """Base64 of HMAC-SHA256 over the timestamp and the body. How old it is does not matter: a repeat is a duplicate."""
    return bool(timestamp) and _same(_base64(secret, timestamp.encode() + body), signature)


def is_from_hubspot(
    secret: str, method: str, addresses: Iterable[str], body: bytes, timestamp: str, signature: str, now: datetime
) -> bool:
    """Base64 of HMAC-SHA256 over method, address, body and timestamp (milliseconds), at most five minutes old.

    `addresses` are how the request's own address may have been written: behind a proxy one cannot be sure of `https`.
    """
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 15:
        return False
    if abs(now.timestamp() - int(timestamp) / 1000) > OLDEST.total_seconds():
        return False
    signed = (f"{method}{address}".encode() + body + timestamp.encode() for address in addresses)
    return any(_same(_base64(secret, content), signature) for content in signed)


def _base64(secret: str, content: bytes) -> str:
    return b64encode(_hmac(secret, content, "sha256")).decode()


def _hmac(secret: str, content: bytes, kind: str) -> bytes:
    return hmac.new(secret.encode(), content, kind).digest()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
