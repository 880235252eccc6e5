"""docs/security.md names a test for each threat: they are all there."""

import ast
import re
from pathlib import Path

from bot.settings import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
TEXT = (ROOT / "docs/security.md").read_text("utf-8")


def tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)
    missing = [f"{path}::{name}" for path, name in named if name not in tests_in(ROOT / path)]
    assert len(named) > 40
    assert missing == []


def test_every_threat_names_a_test() -> None:
    rows = [
        line
        for line in TEXT.splitlines()
        if line.startswith("|") and not line.startswith(("| threat", "|---", "| who", "| what"))
    ]
    without = [row for row in rows if row.count("|") == 4 and not NAMED.search(row)]
    assert without == []
