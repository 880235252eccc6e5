"""Metrics and measures as authors write them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.library.measures import Measure, Take, unknown_metric
from bot.library.metrics import Metrics, load_metrics
from bot.settings import ROOT


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
