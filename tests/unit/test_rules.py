"""Rules as written: what is refused, with its line; and what is decided about firings. Row 1.28: editable rules."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.library.library import Library
from bot.library.lint_of_rules import rule_remarks
from bot.library.loading import Catalog
from bot.library.metrics import load_metrics
from bot.library.rule_files import Known, load_rules
from bot.library.watched_conditions import WatchedCondition
from bot.models import Stage
from bot.settings import ROOT
from bot.signals.rules.finding import Verdict, decide
from tests.support.world import make_playbook

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CATALOG = Catalog(
    {
        "usage-drop": make_playbook({"key": "call", "questions": [{"key": "why", "label": "Why?"}]}, key="usage-drop"),
        "promoter": make_playbook({"key": "thank"}, key="promoter", subject="contact"),
    }
)
KNOWN = Known(CATALOG, load_metrics(ROOT / "playbooks"), list(Stage), ["smb"], ["year-1"], ["regulated"])
RULE = """\
  - key: drop
    title: Use fell
    measures:
      now: {metric: active_users, take: mean, over: 7}
    when: measures.now < 5
    then: {start: usage-drop}
"""


def load(tmp_path: Path, *rules: str) -> tuple[list[str], list[str]]:
    """The keys of the rules that can be used, and what is wrong with the others."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("rules:\n" + "".join(rules))
    book = load_rules(tmp_path, KNOWN)
    return list(book.rules), list(map(str, book.problems))


def changed(before: str, after: str) -> str:
    assert before in RULE
    return RULE.replace(before, after)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (changed("measures.now", "measures.nov"), "rules/a.yaml:6 rules[0].when: 'nov' is not a measure of this rule"),
        (changed("measures.now < 5", "account.helth < 5"), "(did you mean health?)"),
        (changed("measures.now < 5", "contact.nps < 5"), "say `subject: contact` to ask for a contact"),
        (changed("measures.now < 5", "at_start.now < 5"), "only `exit` and `advance` know one"),
        (changed("measures.now < 5", "measures.now <"), "not a CEL expression"),
        (changed("measures.now < 5", "account.name - 1 < 5"), "cannot be evaluated"),
        (changed("measures.now < 5", "usage < 5"), "unknown name 'usage'"),
        (changed("active_users", "activ_users"), "rules/a.yaml:5 rules[0].measures.now.metric"),
        (changed("usage-drop}", "usage-drip}"), "'usage-drip' is not a playbook (did you mean usage-drop?)"),
        (changed("usage-drop}", "promoter}"), "'promoter' is about a contact: say `subject: contact`"),
        (changed("{start: usage-drop}", "{start: usage-drop, exit: usage-drop}"), "say one of start, exit"),
        (changed("{start: usage-drop}", "{advance: {playbook: usage-drop, step: cal}}"), "(did you mean call?)"),
        (changed("{start: usage-drop}", "{advance: {playbook: usage-drop, step: call}}"), "only a person can answer"),
        (RULE + "    only: {journeys: [year-2]}\n", "'year-2' is not a journey"),
        (RULE + "    only: {overlays: [regulatd]}\n", "'regulatd' is not a overlay"),
        (RULE + "    sustain: {}\n", "not a field that exists here"),
        (RULE + "    subject: contact\n", "'active_users' is measured of accounts, not of contacts"),
        (RULE + RULE, "the rule 'drop' is there twice"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, rule: str, complaint: str) -> None:
    _, problems = load(tmp_path, rule)
    assert any(complaint in problem for problem in problems), problems


def test_a_broken_rule_is_left_out_and_no_other(tmp_path: Path) -> None:
    usable, problems = load(tmp_path, changed("measures.now < 5", "measures.nov < 5"), changed("key: drop", "key: low"))
    assert (usable, len(problems)) == (["low"], 1)


def test_the_shipped_rules_load_and_are_as_they_should_be() -> None:
    """Rows 1.4, 1.5, 1.20, 1.30-1.32, 1.34-1.36, 2.14, 2.17, 2.18, 4.21, 4.23."""
    library = Library(ROOT / "playbooks")
    library.load()
    book = library.rule_book
    assert book.problems == ()
    assert [remark for _, remark in rule_remarks(book)] == []
    started = {rule.then.starts_or_recommends for rule in book.rules.values()}
    assert {
        *("usage-drop", "health-drop", "low-nps", "sponsor-change", "promoter", "power-user", "utilisation"),
        *("core-workflow", "root-cause", "onboarding-escalation", "renewal-270", "renewal-180"),
    } <= started
    assert [rule.key for rule in book.ending("usage-drop")] == ["usage-recovered"]


@pytest.mark.parametrize(
    ("text", "facts", "holds"),
    [
        ("measures.now - 5 < measures.before * 2", {"measures": {"now": 7.0, "before": 2.0}}, True),
        ("account.health + 10 < measures.now", {"account": {"health": 40}, "measures": {"now": 60.5}}, True),
        ("measures.now > 1", {"measures": {}}, None),
        ("measures.now > 1 || account.health < 50", {"account": {"health": 60}, "measures": {}}, None),
        ("account.health < 50 || measures.now > 1", {"account": {"health": 40}, "measures": {}}, True),
        ("account.days_until_renewal_date < 9", {"account": {}}, False),
        ('contact.roles[0] == "3" && account.attributes.seats / 2 == 1.5', {}, False),
        ("account.attributes.seats / 2 == 1.5", {"account": {"attributes": {"seats": 3}}}, True),
    ],
)
def test_in_conditions_every_number_is_a_fraction_and_a_missing_one_unknown(
    text: str, facts: dict[str, dict[str, object]], holds: bool | None
) -> None:
    assert WatchedCondition(text).holds(facts) is holds


HOLDS, UNSURE, OVER = Verdict(True, False), Verdict(None, False), Verdict(False, True)


@pytest.mark.parametrize(
    ("verdict", "is_open", "last_days_ago", "decided"),
    [
        (HOLDS, False, None, "fire"),
        (HOLDS, True, 1, None),
        (HOLDS, False, 9, None),
        (HOLDS, False, 10, "fire"),
        (UNSURE, False, None, None),
        (UNSURE, True, 40, None),
        (OVER, True, 1, "clear"),
        (OVER, False, None, None),
    ],
)
def test_a_firing_stays_open_until_it_is_over_and_then_rests(
    verdict: Verdict, is_open: bool, last_days_ago: int | None, decided: str | None
) -> None:
    """Row 4.45."""
    last = NOW - timedelta(days=last_days_ago) if last_days_ago is not None else None
    assert decide(verdict, 1 if is_open else None, last, 10, NOW) == decided
