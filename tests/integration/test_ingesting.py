from datetime import timedelta

from sqlmodel import select

from bot.library.measures import Measure
from bot.models import Account, Contact, DueEvaluation, Sentiment
from bot.signals.ingesting import Outcome, Taken
from bot.signals.windows import load_measures
from tests.support.signals import kept_signals, quarantined, send, usage
from tests.support.world import World, use_playbook

LOW = {"account": "acme", "kind": "nps", "number": 3, "contact": "jane@acme.example"}


def taken(outcomes: list[Outcome]) -> list[str]:
    return [outcome.taken.value for outcome in outcomes]


def ago(world: World, **time: float) -> str:
    return (world.now - timedelta(**time)).isoformat()


async def test_signals_are_kept_once_whatever_their_order_and_bad_ones_refuse_no_others(world: World) -> None:
    """row 1.23"""
    first = usage(10, external_id="a")
    outcomes = await send(world, first, usage(-1), usage(11, external_id="b"), {**first, "number": 99})
    assert taken(outcomes) == ["accepted", "refused", "accepted", "duplicate"]
    assert outcomes[1].words == "number: -1 is below the smallest active_users there can be, 0."

    again = await send(world, usage(12, external_id="b"), usage(13, external_id="c"))
    assert taken(again) == ["duplicate", "accepted"]
    rows = [(s.external_id, s.number, s.source, s.observed_at, s.created_at) for s in await kept_signals(world)]
    assert rows == [(id_, number, "feed", world.now, world.now) for id_, number in (("a", 10), ("b", 11), ("c", 13))]


async def test_an_account_is_found_by_key_domain_email_and_external_id(world: World) -> None:
    """row 0.1"""
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        account.external_ids = {"feed": "cust-9", "hubspot": "123"}
    names = ["ACME", "www.acme.example", "jane@acme.example", "cust-9", "hubspot:123", "123"]
    outcomes = await send(world, *(usage(account=name, external_id=str(n)) for n, name in enumerate(names)))
    assert taken(outcomes) == ["accepted"] * 5 + ["quarantined"]


async def test_a_domain_that_two_accounts_have_is_nobodys(world_on_sqlite: World) -> None:
    world = world_on_sqlite
    async with world.database.transaction() as session:
        session.add(Account(key="a2", name="A", domain="acme.example", created_at=world.now, updated_at=world.now))
    assert taken(await send(world, usage(account="acme.example"))) == ["quarantined"]


async def test_a_late_signal_counts_when_it_was_observed(world: World) -> None:
    await send(world, usage(50, observed_at=ago(world, days=1)), usage(80, observed_at=ago(world, days=9)))
    measure = Measure(metric="active_users", over=7)
    async with world.database.reading() as reader:
        before = await load_measures(reader, [world.account_id], [measure, measure.earlier(7)], world.now)
    numbers = [before[world.account_id][one].number for one in (measure, measure.earlier(7))]
    assert numbers == [50, 80]


async def test_what_a_contact_shows_follows_the_newest_answer(world: World) -> None:
    """row 1.25 row 2.14"""
    await send(world, {**LOW, "number": 9, "observed_at": ago(world, days=2)})
    await send(world, {**LOW, "number": 2, "observed_at": ago(world, days=5)})
    async with world.database.transaction() as session:
        contact = (await session.exec(select(Contact))).one()
    assert (contact.nps, contact.nps_at) == (9, world.now - timedelta(days=2))
    assert [(s.contact_id, s.number) for s in await kept_signals(world)] == [(contact.id, 9), (contact.id, 2)]
    assert (await world.timeline())[-1] == "noted an NPS of 2 from Jane Doe of 2026-02-25, by the API token feed"


async def test_a_low_score_starts_what_waits_for_it_and_an_old_one_does_not(world: World) -> None:
    """row 2.14: by contact and by the company's average"""
    trigger = {"on": "nps", "of": "contact", "at_most": 6}
    use_playbook(world.library, {"key": "call"}, key="detractor", title="Detractor", triggers=[trigger])
    use_playbook(
        world.library,
        {"key": "call"},
        key="unloved",
        title="Unloved",
        triggers=[{"on": "nps", "of": "company", "at_most": 4}],
    )
    await send(world, {**LOW, "number": 1, "observed_at": ago(world, days=40)})
    assert not [line for line in await world.timeline() if line.startswith("started")]
    await send(world, LOW)
    started = [line for line in await world.timeline() if line.startswith("started")]
    assert len(started) == 2


async def test_a_sentiment_and_an_arr_change_the_account_when_they_are_the_newest(world: World) -> None:
    """row 1.26"""
    await send(
        world,
        {
            "account": "acme",
            "kind": "sentiment",
            "label": "red",
            "comment": "no reply",
            "observed_at": ago(world, days=3),
        },
        {"account": "acme", "kind": "sentiment", "label": "green", "observed_at": ago(world, days=4)},
        {"account": "acme", "kind": "arr", "number": 90_000, "observed_at": ago(world, days=3)},
        {"account": "acme", "kind": "arr", "number": 70_000, "observed_at": ago(world, days=30)},
        {"account": "acme", "kind": "billing_state", "label": "past due"},
    )
    account = await world.account()
    assert (account.sentiment, account.arr) == (Sentiment.RED, 90_000)
    assert "changed arr of 2026-02-27, by the API token feed" in await world.timeline()
    assert "billing state: past due, by the API token feed" in await world.timeline()


async def test_who_answered_is_not_lost_when_the_account_has_no_such_contact(world_on_sqlite: World) -> None:
    outcomes = await send(world_on_sqlite, {**LOW, "contact": "who@acme.example"})
    assert outcomes[0].words == "The account has no contact who@acme.example: kept for the account alone."
    signal = (await kept_signals(world_on_sqlite))[0]
    assert (signal.contact_id, signal.comment) == (None, "from who@acme.example")


async def test_an_account_with_a_new_signal_waits_for_the_rules(world_on_sqlite: World) -> None:
    world = world_on_sqlite
    await send(world, usage(external_id="a"))
    async with world.database.transaction() as session:
        for row in (await session.exec(select(DueEvaluation))).all():
            await session.delete(row)
    await send(world, usage(external_id="a"))
    async with world.database.transaction() as session:
        assert (await session.exec(select(DueEvaluation))).all() == []  # a duplicate is no news


async def test_a_signal_of_an_unknown_account_is_put_aside_once(world: World) -> None:
    outcomes = await send(world, usage(account="nobody", external_id="a"), usage(account="nobody", external_id="b"))
    assert taken(outcomes) == ["quarantined", "quarantined"]
    assert outcomes[0].words == (
        'There is no one account "nobody" (source feed): kept until somebody says in Slack whose it is.'
    )
    assert taken(await send(world, usage(account="nobody", external_id="b"))) == ["duplicate"]
    assert [(row.account_ref, row.payload["number"]) for row in await quarantined(world)] == [("nobody", 10)] * 2


async def test_every_metric_of_the_checklist_can_be_sent(world_on_sqlite: World) -> None:
    """rows 1.24 2.9 4.17 4.18: tickets by severity and age, features one by one, core workflow, time to first value"""
    kinds = {
        "active_users": None,
        "core_workflow_use": None,
        "time_to_first_value": None,
        "tickets_open": None,
        "ticket_age": None,
        "ticket_opened": "urgent",
        "feature_use": "reports",
        "invoice_overdue": None,
    }
    sent = [
        {"account": "acme", "kind": kind, "number": 3, **({"label": label} if label else {})}
        for kind, label in kinds.items()
    ]
    assert {outcome.taken for outcome in await send(world_on_sqlite, *sent)} == {Taken.ACCEPTED}
