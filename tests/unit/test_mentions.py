"""By what words a person is found in what people wrote."""

import pytest

from bot.engine.mentions import REMOVED, naming
from bot.models import Contact
from tests.conftest import MONDAY_10_UTC as NOW


def without(written: str, *people: tuple[str, str]) -> str:
    contacts = [Contact(account_id=1, name=name, email=email, created_at=NOW) for name, email in people]
    return naming(contacts).sub(REMOVED, written)


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Ada Byron's plan, ADA BYRON", f"{REMOVED}'s plan, {REMOVED}"),
        ("ask Ada\nByron", f"ask {REMOVED}"),
        ("mail ada+x@acme.test.", f"mail {REMOVED}."),
        ("?who=ada%2Bx%40acme.test&x=1", f"?who={REMOVED}&x=1"),
        ("Adana Byron and nada+x@acme.test", "Adana Byron and nada+x@acme.test"),
    ],
)
def test_a_person_is_found_by_full_name_and_email(written: str, left: str) -> None:
    assert without(written, ("Ada Byron", "ada+x@acme.test")) == left


def test_a_name_that_is_a_word_is_found_only_as_a_name() -> None:
    assert without("Will will bill", ("Will", "will@acme.test")) == f"{REMOVED} will bill"
    assert without("the billing role", ("billing", "billing@acme.test")) == "the billing role"


def test_a_person_is_found_by_each_of_their_names() -> None:
    assert (
        without("Ada Byron is Ada King", ("Ada Byron", "a@a.test"), ("Ada King", "a@a.test"))
        == f"{REMOVED} is {REMOVED}"
    )
