from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.library.health_config import ComponentKey, HealthConfig, load_health_config
from bot.models import Segment
from bot.settings import ROOT


def written(directory: Path, text: str) -> Path:
    (directory / "health.yaml").write_text(text)
    return directory


def test_the_shipped_rules_load() -> None:
    config = load_health_config(ROOT / "playbooks")
    assert config.weight(ComponentKey.SENTIMENT, Segment.ENTERPRISE) == 35
    assert config.weight(ComponentKey.SENTIMENT, Segment.MID_MARKET) == 25


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_health_config(tmp_path) == HealthConfig()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("bands:\n  green: 40\n  yellow: 60\n", "health.yaml:1 bands: yellow (60) must begin below green (40)"),
        ("weights:\n  overdue_steps: 35\n  mood: 3\n", "health.yaml:3 weights.mood"),
        ("trend:\n  compare_days: soon\n", "health.yaml:2 trend.compare_days"),
        ("sentiment:\n  points:\n    green: 100\n", "health.yaml:1 sentiment: points are missing for yellow, red"),
        ("last_contact:\n  by_touch:\n    low:\n      good_days: 9\n      bad_days: 9\n", "bad_days (9) must be more"),
        ("segments:\n  smb: {overdue_steps: 0, sentiment: 0, milestones: 0, last_contact: 0}\n", "all weights are 0"),
        ("magic: 1\n", "health.yaml:1 magic: not a field that exists here"),
        ("bands: [\n", "not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_health_config(written(tmp_path, text))
    assert complaint in raised.value.message
