from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.library.health_config import ComponentKey, HealthConfig, load_health_config
from bot.library.metrics import load_metrics
from bot.models import Segment
from bot.settings import ROOT

SHIPPED = load_metrics(ROOT / "playbooks")


def written(directory: Path, text: str) -> Path:
    (directory / "health.yaml").write_text(text)
    return directory


def test_the_shipped_rules_load() -> None:
    config = load_health_config(ROOT / "playbooks")
    assert config.weight(ComponentKey.SENTIMENT, Segment.ENTERPRISE) == 35
    assert config.weight(ComponentKey.SENTIMENT, Segment.MID_MARKET) == 25


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_health_config(tmp_path) == HealthConfig()


USAGE = """measured:
  usage:
    label: Usage
    measure: {metric: active_usrs}
    points: [[0.5, 0], [1, 100]]
"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("bands:\n  green: 40\n  yellow: 60\n", "health.yaml:1 bands: yellow (60) must begin below green (40)"),
        ("weights:\n  overdue_steps: 35\n  mood: 3\n", "health.yaml:3 weights.mood"),
        ("trend:\n  compare_days: soon\n", "health.yaml:2 trend.compare_days"),
        ("sentiment:\n  points:\n    green: 100\n", "health.yaml:1 sentiment: points are missing for yellow, red"),
        ("last_contact:\n  by_touch:\n    low:\n      good_days: 9\n      bad_days: 9\n", "bad_days (9) must be more"),
        ("segments:\n  smb: {overdue_steps: 0, sentiment: 0, milestones: 0, last_contact: 0}\n", "all weights are 0"),
        (
            USAGE,
            "health.yaml:4 measured.usage.measure.metric: 'active_usrs' is not a metric (did you mean",
        ),
        (
            USAGE.replace("active_usrs", "health"),
            "health.yaml:4 measured.usage.measure.metric: health cannot be a part",
        ),
        (USAGE.replace("active_usrs", "billing_state"), "billing_state is told in words and has no number"),
        (USAGE.replace("[1, 100]", "[0.5, 90]"), "health.yaml:5 measured.usage.points[1]: the values must rise"),
        (USAGE.replace("[1, 100]", "[1, 101]"), "health.yaml:5 measured.usage.points[1]"),
        (
            USAGE.replace("usage:", "sentiment:"),
            "health.yaml:2 measured.sentiment: sentiment is the key of a component",
        ),
        ("segments:\n  smb:\n    usge: 3\n", "health.yaml:3 segments.smb.usge: 'usge' is not a component"),
        ("magic: 1\n", "health.yaml:1 magic: not a field that exists here"),
        ("bands: [\n", "not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_health_config(written(tmp_path, text), metrics=SHIPPED)
    assert complaint in raised.value.message
