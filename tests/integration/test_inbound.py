"""Webhooks as Segment, Zendesk, HubSpot and Salesforce send them: rows 1.22 to 1.25."""

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.api.signatures import is_from_zendesk
from bot.clock import FixedClock
from bot.library.inbound import load_inbound
from bot.library.metrics import load_metrics
from bot.models import Account
from bot.settings import ROOT
from tests.support.api import Api, open_api
from tests.support.signals import kept_signals
from tests.support.world import World

SECRET = "a-shared-secret"
SECRETS = {"segment_secret": SECRET, "zendesk_secret": SECRET, "hubspot_secret": SECRET}

TRACK: dict[str, Any] = {
    "type": "track",
    "event": "Feature Used",
    "userId": "u-1",
    "messageId": "m-1",
    "timestamp": "2026-03-01T08:00:00.123Z",
    "context": {"groupId": "acme", "traits": {"email": "jane@acme.example"}},
    "properties": {"feature": "reports", "people": 12},
}
TICKET: dict[str, Any] = {
    "type": "zen:event-type:ticket.created",
    "account_id": 12514403,
    "id": "01HNXXXX",
    "time": "2026-03-01T17:18:10Z",
    "zendesk_event_version": "2022-11-06",
    "subject": "zen:ticket:35436",
    "detail": {"id": "35436", "status": "OPEN", "priority": "URGENT", "organization_id": 509974, "subject": "It burns"},
    "event": {"meta": {"sequence": {"id": "s-1", "position": 1}}},
}
CHANGE: dict[str, Any] = {
    "eventId": 1,
    "subscriptionId": 12345,
    "portalId": 62515,
    "occurredAt": 1772359200000,
    "subscriptionType": "company.propertyChange",
    "attemptNumber": 0,
    "objectId": 509974,
    "changeSource": "CRM",
    "propertyName": "active_users",
    "propertyValue": "42",
}


@pytest.fixture
async def api(world_on_sqlite: World, clock: FixedClock) -> AsyncIterator[Api]:
    async with world_on_sqlite.database.transaction() as session:
        account = await session.get_one(Account, world_on_sqlite.account_id)
        account.external_ids = {"zendesk": "509974", "hubspot": "509974", "salesforce": "001A"}
    async with open_api(world_on_sqlite, clock, **SECRETS) as opened:
        yield opened


async def post(api: Api, to: str, content: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return await api.http.post(f"/api/v1/inbound/{to}", content=content, headers=headers or {})


def signed_by_segment(content: str) -> dict[str, str]:
    return {"x-signature": hmac.new(SECRET.encode(), content.encode(), "sha1").hexdigest()}


def signed_by_zendesk(content: str, timestamp: str = "2026-03-01T17:18:11Z") -> dict[str, str]:
    return {
        "x-zendesk-webhook-signature": base64_hmac(timestamp + content),
        "x-zendesk-webhook-signature-timestamp": timestamp,
    }


def signed_by_hubspot(content: str, at: datetime, scheme: str = "https") -> dict[str, str]:
    timestamp = str(round(at.timestamp() * 1000))
    address = f"{scheme}://playcall.test/api/v1/inbound/hubspot"
    return {
        "x-hubspot-signature-v3": base64_hmac(f"POST{address}{content}{timestamp}"),
        "x-hubspot-request-timestamp": timestamp,
    }


def base64_hmac(content: str) -> str:
    return b64encode(hmac.new(SECRET.encode(), content.encode(), "sha256").digest()).decode()


async def kept(api: Api) -> list[tuple[Any, ...]]:
    return [(s.kind, s.number, s.label, s.source, s.contact_id) for s in await kept_signals(api.world)]


async def test_segment_calls_become_signals_once(api: Api) -> None:
    """row 2.9: each feature by itself"""
    content = json.dumps(TRACK)
    for _ in range(2):
        answer = await post(api, "segment", content, signed_by_segment(content))
    assert (answer.status_code, answer.json()["duplicate"]) == (202, 1)
    group = {"type": "group", "groupId": "acme", "messageId": "m-2", "traits": {"seats": 80, "active_users": 31}}
    page = {"type": "page", "messageId": "m-3"}
    batch = json.dumps([group, page], separators=(",", ":"))
    first = json.dumps(group, separators=(",", ":"))
    answer = await post(api, "segment", batch, signed_by_segment(first))  # of a batch the first event is signed
    assert (answer.json()["accepted"], answer.json()["ignored"]) == (2, 1)
    assert await kept(api) == [
        ("feature_use", 12, "reports", "segment", 1),
        ("active_users", 31, None, "segment", None),
        ("seats_bought", 80, None, "segment", None),
    ]
    assert (await kept_signals(api.world))[0].observed_at == datetime(2026, 3, 1, 8, 0, 0, 123000, UTC)


async def test_a_ticket_of_zendesk_is_a_signal_with_its_severity(api: Api) -> None:
    """row 1.24"""
    solved = TICKET | {"id": "2", "type": "zen:event-type:ticket.status_changed", "event": {"current": "SOLVED"}}
    pending = TICKET | {"id": "3", "type": "zen:event-type:ticket.status_changed", "event": {"current": "PENDING"}}
    answers = []
    for message in (TICKET, solved, pending):
        content = json.dumps(message)
        answers.append(await post(api, "zendesk", content, signed_by_zendesk(content)))
    assert [answer.json()["accepted"] for answer in answers] == [1, 1, 0]
    assert await kept(api) == [
        ("ticket_opened", 1, "urgent", "zendesk", None),
        ("ticket_solved", 1, "urgent", "zendesk", None),
    ]


def test_zendesk_signs_the_time_and_then_the_body() -> None:
    """base64(HMACSHA256(TIMESTAMP + BODY)), developer.zendesk.com, with the key as it is written."""
    secret, body = "HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=", b'{"say": "hello"}'
    signature = "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk="
    assert is_from_zendesk(secret, body, "2021-07-25T10:00:00Z", signature)
    assert not is_from_zendesk(secret, body, "2021-07-25T10:00:01Z", signature)


@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_changed_property_of_hubspot_is_a_signal(api: Api, clock: FixedClock, scheme: str) -> None:
    """row 1.22"""
    content = json.dumps([CHANGE, CHANGE | {"propertyName": "hs_lead_status", "propertyValue": "x"}])
    answer = await post(api, "hubspot", content, signed_by_hubspot(content, clock.now(), scheme))
    assert (answer.status_code, answer.json()["accepted"], answer.json()["ignored"]) == (202, 1, 1)
    signal = (await kept_signals(api.world))[0]
    assert (signal.kind, signal.number, signal.observed_at) == (
        "active_users",
        42,
        datetime(2026, 3, 1, 10, tzinfo=UTC),
    )
    assert signal.external_id == "62515:509974:active_users:1772359200000:active_users"


async def test_a_record_of_salesforce_comes_with_a_token(api: Api) -> None:
    """row 1.26"""
    record = {
        "Id": "001A",
        "ARR__c": 99_000,
        "Overdue_Amount__c": 1_200.5,
        "LastModifiedDate": "2026-03-01T10:00:00.000+0000",
    }
    answer = await post(api, "salesforce", json.dumps(record))
    assert answer.json()["accepted"] == 2, answer.text
    assert [(kind, number) for kind, number, *_ in await kept(api)] == [("invoice_overdue", 1_200.5), ("arr", 99_000)]
    assert (await api.world.account()).arr == 99_000
    assert (await post(api, "salesforce", "{}", {"Authorization": "Bearer wrong"})).status_code == 401


async def test_any_json_can_be_described_by_a_file(api: Api) -> None:
    message = {
        "org": {"domain": "acme.example"},
        "day": "2026-03-01",
        "logins": "40",
        "usage": [{"feature": "x", "people": 1}],
    }
    answer = await post(api, "generic/example", json.dumps(message))
    assert answer.json()["accepted"] == 2
    assert await kept(api) == [
        ("logins", 40, None, "our-warehouse", None),
        ("feature_use", 1, "x", "our-warehouse", None),
    ]
    for elsewhere in ("..%2Finbound%2Fexample", "%2Fetc%2Fpasswd", "example%00", "../example", "example.yaml"):
        assert (await post(api, f"generic/{elsewhere}", "{}")).status_code == 404
    unknown = await post(api, "generic/exmaple", "{}")
    assert unknown.status_code == 404
    assert "Did you mean 'example'?" in unknown.json()["detail"]


async def test_a_webhook_with_a_wrong_or_old_signature_is_refused(api: Api, clock: FixedClock) -> None:
    segment, zendesk, hubspot = json.dumps(TRACK), json.dumps(TICKET), json.dumps([CHANGE])
    old = datetime.fromtimestamp(clock.now().timestamp() - 301, UTC)
    sent = [
        await post(api, "segment", segment),
        await post(api, "segment", segment + " ", signed_by_segment(segment)),
        await post(api, "segment", "[" + segment[:-3], signed_by_segment(segment)),
        await post(api, "zendesk", zendesk, {"x-zendesk-webhook-signature": base64_hmac(zendesk)}),
        await post(api, "zendesk", zendesk + " ", signed_by_zendesk(zendesk)),
        await post(api, "hubspot", hubspot, signed_by_hubspot(hubspot, old)),
        await post(api, "hubspot", hubspot, signed_by_hubspot(hubspot, clock.now(), "ftp")),
        await post(api, "hubspot", hubspot, {"x-hubspot-request-timestamp": "yesterday"}),
    ]
    assert [answer.status_code for answer in sent] == [401] * len(sent)
    assert sent[0].json()["detail"].startswith("The signature of this request is missing, wrong or too old.")
    assert await kept(api) == []


async def test_without_a_secret_the_address_does_not_exist(world_on_sqlite: World, clock: FixedClock) -> None:
    async with open_api(world_on_sqlite, clock) as api:
        for name in ("segment", "zendesk", "hubspot"):
            answer = await post(api, name, "{}")
            assert answer.status_code == 404
            assert answer.json()["detail"] == f"This address does not exist while {name.upper()}_SECRET is not set."


def test_a_mapping_file_with_a_mistake_is_left_out_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "inbound").mkdir()
    text = (ROOT / "playbooks/inbound/example.yaml").read_text()
    (tmp_path / "inbound/good.yaml").write_text(text)
    (tmp_path / "inbound/bad.yaml").write_text(text.replace("kind: logins", "kind: login"))
    (tmp_path / "inbound/worse.yaml").write_text("title: No signals\naccount: org\nsignals: []\n")
    found = load_inbound(tmp_path, load_metrics(ROOT / "playbooks"))
    assert list(found.mappings) == ["good"]
    said = [str(problem) for problem in found.problems]
    assert said[0].startswith("inbound/bad.yaml:13 signals[0].kind: 'login' is not a metric (did you mean logins?)")
    assert said[1].startswith("inbound/worse.yaml:3 signals: ")
