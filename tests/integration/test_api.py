"""The HTTP API, from the outside: rows 1.22 to 1.26 and the external ids of 0.1."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlmodel import select

from bot.clock import FixedClock
from bot.engine import records
from bot.engine.tokens import Scope, list_tokens, revoke_token
from bot.errors import Taken, TryAgain
from bot.models import DueEvaluation, Member, MilestoneStatus
from bot.web import API_BODY_LIMIT
from tests.support.api import Api, bearer, open_api
from tests.support.signals import kept_signals, quarantined, usage
from tests.support.world import World, use_playbook

ACME = "/api/v1/accounts/acme"
JANE = f"{ACME}/contacts/jane@acme.example"


@pytest.fixture
async def api(world_on_sqlite: World, clock: FixedClock) -> AsyncIterator[Api]:
    async with open_api(world_on_sqlite, clock) as opened:
        yield opened


# --- signals ----------------------------------------------------------------------------------------------------------


async def test_one_signal_a_list_or_an_object_with_a_list_can_be_sent(api: Api) -> None:
    """row 1.23"""
    one, two = usage(1, external_id="a"), usage(2, external_id="b")
    answers = [await api.post_signals(body) for body in (one, [one, two], {"signals": [usage(account="who")]})]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[1].json() == {
        "accepted": 1,
        "duplicate": 1,
        "quarantined": 0,
        "refused": 0,
        "results": [
            {"index": 0, "status": "duplicate", "external_id": "a", "message": None},
            {"index": 1, "status": "accepted", "external_id": "b", "message": None},
        ],
    }
    assert answers[2].json()["quarantined"] == 1
    assert [(s.source, s.number) for s in await kept_signals(api.world)] == [("tests", 1), ("tests", 2)]


async def test_one_bad_signal_refuses_no_other_and_nothing_but_bad_ones_is_422(api: Api) -> None:
    logins = '{"account": "acme", "kind": "logins", "number": %s}'
    answer = await api.post_signals(f"[{logins % 'NaN'}, {logins % 3}]")
    assert (answer.status_code, [one["status"] for one in answer.json()["results"]]) == (202, ["refused", "accepted"])
    assert answer.json()["results"][0]["message"] == "number: give a number such as 42 or 3.5, without quotes."
    alone = await api.post_signals(usage("many"))  # type: ignore[arg-type]  # that is the point
    assert (alone.status_code, alone.json()["refused"]) == (422, 1)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 400, "The body is no JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        (b'["\xff"]', 400, "The body is not text in UTF-8."),
        ("[" * 200_000, 400, "The body is nested too deeply."),
        ('{"number": ' + "9" * 5_000 + "}", 400, "The body holds a number that is too long."),
        ('{"signals": 3}', 422, "signals: give a list of signals."),
        ("[" + "1," * 1_000 + "1]", 422, "At most 1,000 signals can be sent in one request; this has 1,001."),
    ],
    ids=["cut", "bytes", "deep", "digits", "no-list", "many"],
)
async def test_a_body_that_cannot_be_read_is_said_to_be_so(api: Api, body: Any, status: int, words: str) -> None:
    answer = await api.post_signals(body)
    assert (answer.status_code, answer.json()) == (status, {"detail": words})


async def test_a_body_of_10_mb_is_refused_before_it_is_read_and_one_of_2_mb_is_not(api: Api) -> None:
    answer = await api.post_signals(b" " * 10_000_000)
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large: at most 5 MB is read."})

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * (API_BODY_LIMIT // 10)

    assert (await api.http.post("/api/v1/signals", content=chunks())).status_code == 413
    assert (await api.post_signals(b" " * 2_000_000 + b"[]")).status_code == 202


# --- tokens -----------------------------------------------------------------------------------------------------------


async def test_a_request_without_a_valid_token_is_401_and_says_what_to_do(api: Api) -> None:
    reader = await api.token("reader", Scope.ACCOUNTS_READ)
    async with api.world.database.transaction() as session:
        await revoke_token(session, "reader", api.world.now)
    nobody = await api.http.post("/api/v1/signals", headers={"Authorization": ""})
    answers = [nobody, *[await api.http.get(ACME, headers=h) for h in (reader, bearer("playcall_x"), bearer(""))]]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert "`playcall token create NAME` makes one" in answers[0].json()["detail"]
    assert answers[1].json()["detail"].startswith("This token is unknown or revoked.")


async def test_a_token_may_do_what_its_scopes_say_and_no_more(api: Api) -> None:
    reader = await api.token("reader", Scope.ACCOUNTS_READ)
    assert (await api.http.get(ACME, headers=reader)).status_code == 200
    for answer in (await api.post_signals(usage(), **reader), await api.http.put(ACME, json={}, headers=reader)):
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith("The token reader may not do this: it lacks the scope ")


async def test_the_last_use_of_a_token_is_written_once_a_minute(api: Api, clock: FixedClock) -> None:
    async def last_used() -> Any:
        async with api.world.database.transaction() as session:
            return (await list_tokens(session))[0].last_used_at

    seen = []
    for step in (timedelta(), timedelta(seconds=30), timedelta(seconds=31)):
        clock.set(clock.now() + step)
        await api.http.get(ACME)
        seen.append(await last_used())
    assert seen == [api.world.now, api.world.now, clock.now()]


async def test_a_token_that_calls_too_often_is_told_when_to_come_back(
    world_on_sqlite: World, clock: FixedClock
) -> None:
    async with open_api(world_on_sqlite, clock, api_requests_per_minute=2) as api:
        answers = [await api.http.get(ACME) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 25 <= int(answers[2].headers["retry-after"]) <= 30
        other = await api.token("other", Scope.ACCOUNTS_READ)
        assert (await api.http.get(ACME, headers=other)).status_code == 200


# --- accounts, contacts, milestones -----------------------------------------------------------------------------------


async def test_an_account_is_added_changed_and_read(api: Api) -> None:
    """row 1.22, row 0.1: external ids are kept"""
    body = {
        "name": "Hooli",
        "segment": "enterprise",
        "arr": 90_000,
        "renewal_date": "2025-01-01",
        "team": {"csm": "MAYA@ours.example"},
        "external_ids": {"hubspot": "77"},
        "attributes": {"seats": 40},
    }
    added = await api.http.put("/api/v1/accounts/hooli", json=body)
    assert (added.status_code, added.json()["created"]) == (201, True)
    more = {"arr": 95_000, "external_ids": {"salesforce": "001x"}, "attributes": {"seats": None, "plan": "pro"}}
    changed = await api.http.put("/api/v1/accounts/hooli", json=more)
    assert (changed.status_code, changed.json()["changed"]) == (200, ["arr", "external_ids", "attributes"])
    assert (await api.http.put("/api/v1/accounts/hooli", json=more)).json()["changed"] == []
    account = (await api.http.get("/api/v1/accounts/hooli")).json()
    expected = {
        "name": "Hooli",
        "segment": "enterprise",
        "arr": 95_000,
        "team": {"csm": "maya@ours.example"},
        "external_ids": {"hubspot": "77", "salesforce": "001x"},
        "attributes": {"plan": "pro"},
    }
    assert {name: account[name] for name in expected} == expected
    assert "changed arr, by the API token tests" in await api.world.timeline()
    assert [(s.kind, s.number) for s in await kept_signals(api.world)] == [("arr", 90_000), ("arr", 95_000)]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/api/v1/accounts/hooli", {}, 422, "There is no account hooli yet, so it needs a name."),
        (ACME, {"nmae": "A"}, 422, "nmae: Extra inputs are not permitted."),
        (ACME, {"name": "A\0"}, 422, "The body: Value error, a text cannot hold a NUL character."),
        (ACME, {"attributes": {"a": [1]}}, 422, "attributes.a"),
        (f"{ACME}/contacts/a%00@b.example", {"name": "A"}, 422, "email: String should match pattern"),
        (ACME, {"arr": "lots"}, 422, "arr: Input should be a valid integer"),
        (ACME, {"country": "Germany"}, 422, "Country: use two letters, such as DE."),
        (ACME, {"stage": "adaption"}, 422, "'adaption' is not a stage (did you mean adoption?)"),
        (ACME, {"team": {"csm": "x@y.example"}}, 422, "team.csm: nobody of the team has the email x@y.example."),
        ("/api/v1/accounts/Acme!", {}, 422, "key: String should match pattern"),
        (f"{ACME}/contacts/new@acme.example", {}, 422, "There is no contact new@acme.example yet"),
        (f"{ACME}/contacts/nobody", {"name": "N"}, 422, "Email: give an address such as jane@acme.com."),
        ("/api/v1/accounts/nope/contacts/a@b.example", {"name": "N"}, 404, "There is no account with the key nope."),
        (f"{ACME}/milestones/go-live", {"status": "planned"}, 422, "target_date: a planned milestone needs the day"),
        (f"{ACME}/milestones/go-live", {"status": "planned", "target_date": "2020-01-01"}, 422, "That date is past."),
        (f"{ACME}/milestones/go-live", {"status": "done"}, 422, "status: Input should be 'planned', 'reached' or"),
    ],
)
async def test_what_cannot_be_put_is_answered_with_a_sentence(
    api: Api, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    answer = await api.http.put(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"].startswith(words)


async def test_putting_a_contact_sets_its_roles_and_keeps_what_is_not_given(api: Api) -> None:
    """row 1.27"""
    await api.http.put(
        JANE, json={"may_email": False, "roles": ["executive_sponsor"], "external_ids": {"segment": "u1"}}
    )
    answer = await api.http.put(JANE, json={"title": "CFO", "roles": []})
    assert (answer.status_code, sorted(answer.json()["changed"])) == (200, ["roles", "title"])
    assert (await api.http.put(JANE, json={"title": "CFO", "roles": []})).json()["changed"] == []
    contact = (await api.http.get(JANE)).json()
    assert (contact["name"], contact["roles"], contact["may_email"], contact["title"]) == ("Jane Doe", [], False, "CFO")
    assert contact["external_ids"] == {"segment": "u1"}
    assert [(s.kind, s.label) for s in await kept_signals(api.world)] == [
        ("sponsor_change", "joined"),
        ("sponsor_change", "left"),
    ]
    added = await api.http.put(f"{ACME}/contacts/new@acme.example", json={"name": "New", "nps": 9})
    assert added.status_code == 201


async def test_a_milestone_that_is_put_as_reached_starts_what_waits_for_it(api: Api) -> None:
    use_playbook(api.world.library, {"key": "thank"}, triggers=[{"on": "milestone", "milestone": "go-live"}])
    path = f"{ACME}/milestones/go-live"
    planned = await api.http.put(path, json={"status": "planned", "target_date": "2026-05-01"})
    reached = await api.http.put(path, json={"status": "reached", "evidence": "They went live"})
    again = await api.http.put(path, json={"status": "reached"})
    assert [planned.status_code, reached.status_code, again.json()["changed"]] == [201, 200, []]
    assert (await api.http.get(path)).json()["status"] == MilestoneStatus.REACHED
    timeline = await api.world.timeline()
    assert "reached Go live: They went live, by the API token tests" in timeline
    assert any(line.startswith("started") for line in timeline)
    async with api.world.database.transaction() as session:
        assert (await session.exec(select(DueEvaluation.account_id))).all() == [api.world.account_id]


async def test_moving_a_role_hands_over_and_tells_nobody_that_does_not_exist(api: Api) -> None:
    await api.world.start({"key": "call"})
    answer = await api.http.put(ACME, json={"team": {"csm": "eve@ours.example"}})
    assert answer.status_code == 200, answer.text
    async with api.world.database.transaction() as session:
        eve = (await session.exec(select(Member.id).where(Member.email == "eve@ours.example"))).one()
    assert {delivery.member_id for delivery in await api.world.deliveries()} >= {eve}


async def test_two_who_add_the_same_account_at_once_get_an_answer_each(world: World, clock: FixedClock) -> None:
    """On both databases: one adds it, the other finds it there or is asked to try again."""
    async with open_api(world, clock) as api:
        puts = [api.http.put("/api/v1/accounts/hooli", json={"name": "Hooli"}) for _ in range(2)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*puts))
    assert statuses in ([200, 201], [201, 409])


async def test_an_account_that_somebody_adds_a_moment_earlier_is_asked_for_again(
    api: Api, mocker: MockerFixture
) -> None:
    mocker.patch.object(records, "add_account", side_effect=Taken)
    answer = await api.http.put("/api/v1/accounts/hooli", json={"name": "Hooli"})
    assert (answer.status_code, answer.json()["detail"]) == (409, TryAgain().message)


# --- what the documentation says --------------------------------------------------------------------------------------


async def test_every_operation_that_is_documented_answers_as_documented(api: Api) -> None:
    """Calls each with its token, without one, and with nothing sensible: every status is in the documentation."""
    document = (await api.http.get("/openapi.json")).json()
    values = {"key": "acme", "email": "jane@acme.example", "milestone": "go-live", "mapping": "example"}
    operations = [(path, verb, about) for path, verbs in document["paths"].items() for verb, about in verbs.items()]
    assert len(operations) == 15
    for path, verb, about in operations:
        needs_token = "security" in about
        for headers, body in (
            ({}, "{}"),
            ({"Authorization": "Bearer x"}, "{}"),
            ({}, "nonsense"),
            ({}, b" " * 6_000_000),
        ):
            content = None if verb == "get" else body
            answer = await api.http.request(verb, path.format(**values), content=content, headers=headers)
            where = f"{verb} {path} {headers}"
            assert str(answer.status_code) in about["responses"], f"{where}: {answer.status_code} {answer.text[:200]}"
            if needs_token and headers:
                assert answer.status_code == (413 if content and len(content) > API_BODY_LIMIT else 401), where
            if answer.status_code >= 400 and "results" not in answer.json():
                assert answer.json()["detail"].endswith("."), where
    assert (await api.http.get("/docs")).status_code == 200


async def test_signals_of_an_account_that_is_put_later_wait_for_it(api: Api) -> None:
    await api.post_signals(usage(account="hooli"))
    assert [row.account_ref for row in await quarantined(api.world)] == ["hooli"]
