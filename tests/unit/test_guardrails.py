"""Guardrails as written: playbooks/guardrails.yaml, and what its conditions are told of. Row 4.5."""

from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.library.guardrails import Guardrail, Guardrails, load_guardrails
from bot.library.library import Library
from bot.library.loading import Catalog
from bot.settings import ROOT
from bot.signals.guardrails import why_words
from bot.slack.guardrails import condition_words
from tests.support.world import make_playbook

CATALOG = Catalog(
    {
        "health-drop": make_playbook({"key": "call"}, key="health-drop"),
        "promoter": make_playbook({"key": "call"}, key="promoter", subject="contact"),
    }
)


def written(when: str = "account.health < 40", then: str = "{tell: csm}", more: str = "") -> str:
    return f"guardrails:\n  - key: low\n    title: Low\n    when: {when}\n    then: {then}\n{more}"


def guardrail(when: str) -> Guardrail:
    return Guardrail.model_validate({"key": "low", "title": "Low", "when": when, "then": {"tell": "csm"}})


def load(tmp_path: Path, text: str) -> Guardrails:
    (tmp_path / "guardrails.yaml").write_text(text)
    return load_guardrails(tmp_path, CATALOG)


def test_without_a_file_nothing_is_watched(tmp_path: Path) -> None:
    assert load_guardrails(tmp_path, CATALOG).guardrails == []


def test_the_shipped_guardrails_tell_and_escalate() -> None:
    """Row 4.5: when to intervene, when to escalate."""
    library = Library(ROOT / "playbooks")
    library.load()
    rows = library.guardrails.guardrails
    assert len(rows) == 5
    assert {bool(row.then.escalate) for row in rows} == {True, False}


def test_a_row_is_read_with_its_cool_down(tmp_path: Path) -> None:
    (row,) = load(tmp_path, written(then="{start: health-drop}", more="    again_after: 7\n")).guardrails
    assert (row.then.start, row.again_after) == ("health-drop", 7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (written("account.healt < 40"), "guardrails.yaml:4 guardrails[0].when: 'healt' is not a field of the account"),
        (written("account.healt < 40"), "did you mean health?"),
        (written("contact.nps < 3"), "it cannot ask for a contact"),
        (written("'account[\"health\"] < 3'"), "name the fields of the account with a dot, as in account.health"),
        (written("account.health <"), "not a CEL expression"),
        (written(then="{start: health-drip}"), "'health-drip' is not a playbook (did you mean health-drop?)"),
        (written(then="{start: promoter}"), "'promoter' is about a contact"),
        (written(then="{tell: csm, start: health-drop}"), "say one of tell, start and escalate"),
        (written(then="{}"), "say one of tell, start and escalate"),
        (written(then="{tell: everybody}"), "guardrails.yaml:5 guardrails[0].then.tell"),
        (written(more="    again_after: 0\n"), "guardrails.yaml:6 guardrails[0].again_after"),
        (written(more=written().removeprefix("guardrails:\n")), "the guardrail 'low' is there twice"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    assert complaint in raised.value.message


@pytest.mark.parametrize(
    ("when", "facts", "words"),
    [
        ("account.health < 40", {"health": 34, "touch": "high"}, "health 34 of 100"),
        (
            "account.steps_overdue > 0 && account.longest_overdue_days > 0",
            {"longest_overdue_days": 1, "steps_overdue": 1},
            "1 step overdue, the oldest by 1 day",
        ),
        ("account.days_until_renewal_date < 60", {"days_until_renewal_date": 45}, "renewal date in 45 days"),
        ("account.days_until_go_live_date < -14", {"days_until_go_live_date": -20}, "go live date 20 days ago"),
        ('account.stage == "trial"', {"stage": "trial"}, 'its condition holds: account.stage == "trial"'),
    ],
)
def test_the_reason_names_what_was_measured(when: str, facts: dict[str, object], words: str) -> None:
    assert why_words(guardrail(when), facts) == words


def test_a_condition_is_shown_in_words_and_its_texts_as_they_are() -> None:
    expression = 'account.touch == "a_b && c" && account.steps_overdue>=3 || account.health < 40'
    assert condition_words(expression) == 'touch is "a_b && c" and steps overdue at least 3 or health less than 40'
