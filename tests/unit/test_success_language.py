"""What playbooks can say about favours and about the success plan, and what is told of mistakes in it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.library.advocacy import AdvocacyPolicy, load_advocacy_policy
from bot.library.rendering import merge_tags, render_text
from bot.library.tags import asks_for_plan, build_context, unknown_tags
from bot.models import Account, AskStatus
from bot.settings import ROOT
from tests.support.world import make_playbook

ASK = {"kind": "referral", "to": ["champion"]}
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CLOSE_FASTER: dict[str, Any] = {
    "title": "Close faster",
    "measure": "days to close",
    "baseline": "9",
    "target": "3",
    "current": "4",
    "status": "open",
    "due_on": date(2026, 6, 30),
    "owner": "Wile Coyote",
    "evidence": None,
}


# --- asks in playbooks, row 1.11 --------------------------------------------------------------------------------------


def test_a_step_can_ask_for_a_referral_and_its_outcomes_say_what_came_of_it() -> None:
    outcomes = [{"key": "yes", "label": "Yes", "ask": "accepted"}, {"key": "later", "label": "Did not ask"}]
    playbook = make_playbook({"key": "ask-them", "ask": ASK, "outcomes": outcomes})
    assert [outcome.ask for outcome in playbook.step("ask-them").outcomes] == [AskStatus.ACCEPTED, None]


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        ({"outcomes": [{"key": "yes", "label": "Yes", "ask": "accepted"}]}, "but the step has no `ask`"),
        (
            {"ask": ASK, "outcomes": [{"key": "yes", "label": "Yes"}]},
            "none of the outcomes says what became of the ask",
        ),
        ({"ask": {"kind": "kidney"}}, "'referral', 'reference'"),
    ],
)
def test_an_ask_nothing_could_come_of_is_refused(step: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        make_playbook({"key": "ask-them", **step})


# --- the limits, row 1.37 ---------------------------------------------------------------------------------------------


def test_the_shipped_limits_are_the_defaults() -> None:
    assert load_advocacy_policy(ROOT / "playbooks") == AdvocacyPolicy()


def test_without_a_file_the_default_limits_hold(tmp_path: Path) -> None:
    assert load_advocacy_policy(tmp_path) == AdvocacyPolicy()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("contact:\n  asks: many\n", "advocacy.yaml:2 contact.asks"),
        ("quiet_days_after_no: -1\n", "advocacy.yaml:1 quiet_days_after_no"),
        ("asks_per_moon: 1\n", "advocacy.yaml:1 asks_per_moon: not a field that exists here"),
        ("contact: [\n", "not YAML"),
    ],
)
def test_a_mistake_in_the_limits_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "advocacy.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match="advocacy") as raised:
        load_advocacy_policy(tmp_path)
    assert complaint in raised.value.message


# --- the plan in words, rows 2.13 and 2.21 ----------------------------------------------------------------------------


def test_words_can_go_through_the_success_plan() -> None:
    met = CLOSE_FASTER | {"title": "Pay on time", "status": "met"}
    account = Account(key="acme", name="Acme", created_at=NOW, updated_at=NOW)
    context = build_context(account=account, today=NOW.date(), members={}, plan=[CLOSE_FASTER, met])
    source = (
        "{% for one in plan %}{{ one.title }}: {{ one.current }} by {{ one.due_on }}. {% endfor %}"
        "Met: {% for one in plan_met %}{{ one.title }}{% endfor %}"
    )
    assert render_text(source, context) == (
        "Close faster: 4 by 30 June 2026. Pay on time: 4 by 30 June 2026. Met: Pay on time"
    )


def test_words_about_an_account_without_a_plan_leave_no_hole() -> None:
    account = Account(key="acme", name="Acme", created_at=NOW, updated_at=NOW)
    context = build_context(account=account, today=NOW.date(), members={})
    assert (
        render_text("Hi{% if plan %} plan{% endif %}{% for o in plan_open %}{{ o.title }}{% endfor %}", context) == "Hi"
    )


def test_a_field_that_objectives_do_not_have_is_found() -> None:
    tags = merge_tags("{% for objective in plan_met %}{{ objective.titel }} {{ objective.due_on }}{% endfor %}")
    assert unknown_tags(tags, {}) == ["plan_met[].titel"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Bring the plan and {{ account.name }}", False),
        ("{{ answers.action_plan.goal }}", False),
        ("{% if plan %}x{% endif %}", True),
        ("{% for one in plan_met %}{% endfor %}", True),
    ],
)
def test_the_plan_is_read_only_for_words_that_tell_of_it(words: str, expected: bool) -> None:
    assert asks_for_plan(words) is expected
