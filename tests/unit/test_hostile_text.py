"""Texts that make a careless pattern try every way there is: a hundred thousand characters, read in one go.

Each of these took minutes where a pattern looked at them again from every place, and would hold up everybody meanwhile.
"""

import pytest

from bot.delivery.mail_html import html_of
from bot.errors import InvalidInput
from bot.imports.values import parse_amount
from bot.library.rendering import holes_in
from bot.slack.account_arguments import parse_contact
from bot.slack.incoming import as_typed
from handlers.commands.account_showing import _split_page
from handlers.commands.leading import parse_asked, split_page
from handlers.commands.playbook_runs import BECAUSE

LONG = 100_000
SPACES = "a" + " " * LONG + "x"


@pytest.mark.parametrize("unit", ["<", "<a", "<http://", "<@U1|", "<mailto:"])
def test_links_that_never_end_stay_text(unit: str) -> None:
    text = unit * (LONG // len(unit))
    assert as_typed(text) == text


def test_words_far_apart_are_no_page_no_days_and_no_reason() -> None:
    assert split_page(SPACES) == (SPACES, 1)
    assert _split_page(SPACES) == (SPACES, 1)
    assert parse_asked("1" + SPACES, days=30).days == 30
    assert BECAUSE.split(SPACES) == [SPACES]


def test_a_word_without_end_is_no_email_and_no_amount() -> None:
    with pytest.raises(InvalidInput):
        parse_contact("a" * LONG)
    with pytest.raises(ValueError, match="is not a number"):
        parse_amount("1" + "a" * LONG + "1")


@pytest.mark.parametrize("unit", ["\n", "http://", "https://.", "- "])
def test_a_mail_of_nothing_but_marks_is_made_at_once(unit: str) -> None:
    assert len(html_of(unit * (LONG // len(unit)))) < 10 * LONG


def test_holes_that_never_end_are_none() -> None:
    assert holes_in("[[missing: " * 500) == ()
