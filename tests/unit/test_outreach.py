"""What is about to reach a customer, and what speaks against it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.engine.email_fates import Moment, decide_sending
from bot.engine.mail_pace import decide_pace
from bot.engine.outreach import (
    Clash,
    Outreach,
    PastContact,
    Weather,
    decide_calm,
    decide_gap,
    decide_limit,
    find_clashes,
)
from bot.errors import ConfigurationError
from bot.library.contacting import ContactingPolicy, load_contacting_policy
from bot.library.schema import Category
from bot.models import Touch
from bot.settings import ROOT

MONDAY = date(2026, 3, 2)
POLICY = ContactingPolicy()
RISK = {1: Weather(at_risk="Usage drop")}


def contact(days_ago: int, run: int = 1) -> PastContact:
    return PastContact(MONDAY - timedelta(days=days_ago), run, "QBR", "Send the recap")


def outreach(step: int, run: int, in_days: int | None, *, to: int = 7, topic: str | None = None) -> Outreach:
    due = None if in_days is None else MONDAY + timedelta(days=in_days)
    people = frozenset({to})
    return Outreach(step, run, 1, f"Step {step}", f"Play {run}", Category.LIFECYCLE, due, people, topic)


def clashes(*planned: Outreach, weather: dict[int, Weather] | None = None) -> dict[int, Clash]:
    return find_clashes(POLICY, planned, {}, weather or {}, MONDAY, "DE")


def test_a_contact_of_another_playbook_keeps_the_gap() -> None:
    soon = decide_gap(POLICY, [contact(1), contact(0, run=2)], 2, MONDAY, "DE")
    assert soon is not None
    assert (soon.last.on, soon.free_on) == (MONDAY - timedelta(days=1), MONDAY + timedelta(days=1))


def test_the_steps_of_one_playbook_keep_the_pace_their_author_gave_them() -> None:
    assert decide_gap(POLICY, [contact(0, run=2)], 2, MONDAY, "DE") is None


def test_the_free_day_is_a_working_day() -> None:
    friday = date(2026, 3, 6)
    soon = decide_gap(POLICY, [PastContact(friday, 1, "QBR", "Call")], 2, friday, "DE")
    assert soon is not None
    assert soon.free_on == date(2026, 3, 9)


def test_the_gap_ends() -> None:
    assert decide_gap(POLICY, [contact(2)], 2, MONDAY, "DE") is None


def test_a_person_gets_no_more_mails_than_the_limit_of_their_touch() -> None:
    mailed = [MONDAY - timedelta(days=days) for days in (1, 3, 9)]
    assert decide_limit(POLICY, Touch.LOW, mailed, MONDAY) is None
    assert decide_limit(POLICY, Touch.NONE, mailed, MONDAY) == MONDAY + timedelta(days=4)


def test_a_campaign_leaves_out_who_got_enough_and_waits_when_that_is_everybody() -> None:
    thursday = MONDAY + timedelta(days=3)
    some = decide_pace({1: None, 2: thursday})
    assert (some.until, some.left_out) == (None, frozenset({2}))
    assert decide_pace({1: thursday + timedelta(days=1), 2: thursday}).until == thursday


@pytest.mark.parametrize("weather", [Weather(at_risk="Usage drop"), Weather(is_escalated=True)])
def test_expansion_waits_while_there_is_trouble_and_nothing_else_does(weather: Weather) -> None:
    assert decide_calm(POLICY, Category.EXPANSION, weather)
    assert decide_calm(POLICY, Category.LIFECYCLE, weather) is None
    assert decide_calm(POLICY, Category.EXPANSION, Weather()) is None
    assert decide_calm(ContactingPolicy(expansion_waits=False), Category.EXPANSION, weather) is None


def test_the_later_of_two_mails_about_the_same_thing_to_the_same_person_gives_way() -> None:
    first, second = outreach(1, 1, 0, topic="renewal"), outreach(2, 2, 1, topic="renewal")
    found = clashes(second, first)
    assert list(found) == [2]
    assert found[2].twin == first


def test_two_mails_to_different_people_or_about_different_things_are_merely_close() -> None:
    other_person = clashes(outreach(1, 1, 0, topic="renewal"), outreach(2, 2, 1, to=8, topic="renewal"))
    other_thing = clashes(outreach(1, 1, 0, topic="renewal"), outreach(2, 2, 1, topic="usage"))
    for found in (other_person, other_thing):
        assert found[2].twin is None
        assert found[2].near is not None


def test_what_is_far_apart_of_one_playbook_or_without_a_date_does_not_clash() -> None:
    assert clashes(outreach(1, 1, 0), outreach(2, 2, 2)) == {}
    assert clashes(outreach(1, 1, 0), outreach(2, 1, 0)) == {}
    assert clashes(outreach(1, 1, 0), outreach(2, 2, None)) == {}


def test_what_is_overdue_counts_as_if_it_went_today() -> None:
    assert 2 in clashes(outreach(1, 1, -9), outreach(2, 2, 1))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"unsubscribed": True}, "Jane has unsubscribed."),
        ({"may_email": False}, "Jane asked not to get mail from us."),
        ({"called_off": True}, "“Usage drop” was cancelled before it went."),
        ({"is_escalated": True}, None),
        ({"is_escalated": True, "automatic": True}, "an escalation was opened before it went."),
    ],
)
def test_what_speaks_against_a_mail_when_its_turn_comes(changes: dict[str, bool], why: str | None) -> None:
    usual = {"may_email": True, "unsubscribed": False, "automatic": False}
    assert decide_sending(Moment(contact="Jane", playbook="Usage drop", **(usual | changes))) == why


def test_the_shipped_policy_is_the_default() -> None:
    assert load_contacting_policy(ROOT / "playbooks") == ContactingPolicy()


def test_a_mistake_in_the_policy_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "contacting.yaml").write_text("gap_days: -1\n")
    with pytest.raises(ConfigurationError, match=r"contacting.yaml:1 gap_days"):
        load_contacting_policy(tmp_path)
