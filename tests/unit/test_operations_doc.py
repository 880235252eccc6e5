"""docs/operations.md and .env.example name the variables there are, with their defaults."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.imports.accounts import account_columns
from bot.imports.columns import Column
from bot.imports.contacts import Contacts
from bot.imports.members import Members
from bot.library.library import Library
from bot.settings import ROOT, Settings

GUIDE = (ROOT / "docs" / "operations.md").read_text()
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", GUIDE, re.MULTILINE))


def test_the_guide_lists_every_variable_and_no_other() -> None:
    assert set(ROWS) == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("variable", [name for name, default in ROWS.items() if re.fullmatch(r"`[^`]*`", default)])
def test_the_guide_states_the_defaults(variable: str) -> None:
    assert ROWS[variable].strip("`") == str(Settings.model_fields[variable.lower()].default)


def test_the_example_names_only_variables_there_are() -> None:
    named = re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert set(named) <= set(ROWS)
    assert "SLACK_BOT_TOKEN" in named


@pytest.mark.parametrize("columns", [account_columns(Library(Path("nowhere"))), Members.columns, Contacts.columns])
def test_the_guide_names_every_column_that_can_be_imported(columns: Sequence[Column]) -> None:
    halves = {"first_name", "last_name", "opted_out"}  # named there by their usual headers
    names = {column.name for column in columns if not column.name.endswith("_id")} - halves
    assert [name for name in names if f"`{name}`" not in GUIDE] == []
