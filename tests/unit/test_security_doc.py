"""docs/security.md names a test for each threat: they are all there."""

import ast
import re
from pathlib import Path

from bot.settings import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
TEXT = (ROOT / "docs/security.md").read_text("utf-8")


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)
    missing = [f"{path}::{name}" for path, name in named if name not in _tests_in(ROOT / path)]
    assert len(named) > 40
    assert missing == []


def test_every_threat_names_a_test() -> None:
    threats = TEXT.split("## Threats")[1].splitlines()
    rows = [line for line in threats if line.startswith("| ") and not line.startswith("| threat ")]
    assert [row for row in rows if not NAMED.search(row)] == []
