"""Metrics and measures as authors write them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.engine.exit_criteria import evaluate_criteria
from bot.errors import ConfigurationError
from bot.library.loading import load_catalog
from bot.library.measures import Measure, Take, unknown_metric
from bot.library.metric_names import without_unknown_metrics
from bot.library.metrics import Metrics, load_metrics
from bot.library.rendering import EmailTemplates
from bot.library.schema import ExitCriterion, Question
from bot.settings import ROOT
from tests.support.world import make_playbook


def test_the_shipped_metrics_say_what_they_count() -> None:
    """Rows 4.17, 4.18 and 4.47: each kind of metric has a definition people can read."""
    known = load_metrics(ROOT / "playbooks").known
    wanted = {
        "active_users",
        "core_workflow_use",
        "time_to_first_value",
        "tickets_open",
        "sentiment",
        "nps",
        "seats_used",
    }
    assert wanted <= set(known)
    assert all(metric.title and metric.definition for metric in known.values())


def test_without_a_file_there_are_the_metrics_playcall_writes_itself(tmp_path: Path) -> None:
    assert set(load_metrics(tmp_path).known) == {"sentiment", "nps", "arr", "sponsor_change"}


def test_a_metric_with_bounds_the_wrong_way_round_is_refused_with_its_line(tmp_path: Path) -> None:
    words = "metrics:\n  csat:\n    title: CSAT\n    definition: How satisfied.\n    minimum: 5\n    maximum: 1\n"
    (tmp_path / "metrics.yaml").write_text(words)
    with pytest.raises(
        ConfigurationError, match=r"metrics\.yaml:2.*the minimum \(5\.0\) is above the maximum \(1\.0\)"
    ):
        load_metrics(tmp_path)


def test_a_measure_is_told_in_words() -> None:
    metrics = load_metrics(ROOT / "playbooks")
    mean = Measure(metric="active_users", take=Take.MEAN, over=28, ago=7)
    assert mean.words(metrics) == "mean of active users over 28 days, until 7 days ago"
    assert Measure(metric="feature_use", label="reports").words(metrics) == "feature use (reports)"
    assert Measure(metric="health", ago=1).words(metrics) == "health, until 1 day ago"


def test_an_unknown_metric_is_told_with_the_nearest_name() -> None:
    wrong = unknown_metric(Measure(metric="active_user"), load_metrics(ROOT / "playbooks"))
    assert wrong is not None
    assert "active_users" in wrong
    assert unknown_metric(Measure(metric="health"), Metrics()) is None


def test_health_has_no_labels() -> None:
    with pytest.raises(ValidationError, match="health has no labels"):
        Measure(metric="health", label="reports")


def test_a_playbook_that_asks_for_an_unknown_metric_is_left_out_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "lifecycle").mkdir()
    (tmp_path / "lifecycle" / "look.yaml").write_text(
        "key: look\ntitle: Look\ncategory: lifecycle\nsummary: For a test.\nsuccess: It ran.\nsteps:\n"
        "  - key: one\n    title: One\n    due: 0d\n    kind: check\n    questions:\n"
        "      - {key: users, label: Users, type: number, measure: {metric: active_user}}\n"
    )
    catalog = without_unknown_metrics(
        load_catalog(tmp_path, EmailTemplates(tmp_path)), load_metrics(ROOT / "playbooks")
    )
    assert not catalog.playbooks
    assert "look.yaml:12 steps[0].questions[0].measure.metric" in str(catalog.problems[0])
    assert "active_users" in str(catalog.problems[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "date", "measure": {"metric": "active_users"}}, "a measure answers a question of number"),
        ({"type": "number", "percent_of": {"metric": "seats_bought"}}, "`percent_of` goes with a `measure`"),
    ],
)
def test_a_measure_must_fit_its_question(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Question.model_validate({"key": "users", "label": "Users", **changes})


def test_a_criterion_names_what_it_measures() -> None:
    """Row 4.47: what a condition goes by is named beside it."""
    asks = {"key": "used", "label": "It is used", "when": "measures.now > 3.0"}
    with pytest.raises(ValidationError, match=r"`when` asks for measures\.now, which `measures` does not name"):
        ExitCriterion.model_validate(asks)
    with pytest.raises(ValidationError, match=r"`when` does not ask for measures\.then"):
        ExitCriterion.model_validate(asks | {"measures": {"now": {"metric": "logins"}, "then": {"metric": "logins"}}})


def test_a_criterion_that_was_not_measured_is_not_answered() -> None:
    criterion = {"key": "used", "label": "It is used", "when": "measures.now > 3.0"}
    measures = {"now": {"metric": "logins"}}
    playbook = make_playbook({"key": "one"}, exit_criteria=[criterion | {"measures": measures}])
    assert evaluate_criteria(playbook, {}, {}) == {}
    assert evaluate_criteria(playbook, {}, {Measure(metric="logins"): 4.0}) == {"used": True}
