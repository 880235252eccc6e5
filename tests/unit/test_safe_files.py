"""Names of files that authors and callers write lead to the files they are meant for, and nowhere else."""

import io

import pytest
from pydantic import ValidationError

from bot.commands.reporting import RISKY, write_csv
from bot.library.schema import Email
from bot.slack.tables import Table


@pytest.mark.parametrize(
    "name",
    [
        "../secrets/key",
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
        "a/b/c",
        "a/b.html",
        "a/b\n",
        "a\\b",
        "a/b\0",
        "~/x",
    ],
)
def test_a_template_is_named_by_folder_and_file_and_nothing_else(name: str) -> None:
    with pytest.raises(ValidationError):
        Email.model_validate({"template": name})
    assert Email.model_validate({"template": "onboarding/welcome"})


@pytest.mark.parametrize("sign", RISKY)
def test_no_cell_of_an_export_begins_like_a_formula(sign: str) -> None:
    written = io.StringIO()
    write_csv(Table(("name",), ((f"{sign}HYPERLINK(1)",), (-3,))), written)
    assert written.getvalue().splitlines()[1].removeprefix('"').startswith("'")
    assert written.getvalue().rstrip().endswith("-3")
