from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.accounts import slug
from bot.errors import InvalidInput
from bot.imports import values
from bot.imports.dates import DateOrder, decide_order, parse_date
from bot.imports.rows import date_parser
from bot.models import ContactRole, Segment


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("120000", 120_000),
        ("$120,000", 120_000),
        ("1,234,567.89", 1_234_568),
        ("1.234.567,89 €", 1_234_568),
        ("120.000", 120_000),
        ("120 000 EUR", 120_000),
        ("1'200'000", 1_200_000),
        ("99.5", 100),
        ("0", 0),
        ("USD 5,5", 6),
    ],
)
def test_amounts_are_read_with_the_separators_people_use(text: str, amount: int) -> None:
    assert values.parse_amount(text) == amount


@given(st.integers(min_value=0, max_value=values.LARGEST))
def test_an_amount_survives_being_written_with_separators(amount: int) -> None:
    assert values.parse_amount(f"{amount:,}") == amount
    assert values.parse_amount(f"{amount:,}".replace(",", ".")) == amount
    assert values.parse_amount(f"{amount:,}.00") == amount


@pytest.mark.parametrize(
    ("parse", "text", "read"),
    [
        (values.parse_domain, "https://www.Acme.example/about?x=1", "acme.example"),
        (values.parse_domain, "acme.example:8080", "acme.example"),
        (values.parse_email, "Maya@Ours.Example", "maya@ours.example"),
        (values.parse_country, "de", "DE"),
        (values.parse_country, "United Kingdom", "GB"),
        (values.parse_country, "UK", "GB"),
        (values.parse_yes_no, "Yes", True),
        (values.parse_yes_no, "0", False),
        (values.parse_hour, "09:00", 9),
        (values.choice_of(Segment), "Mid Market", Segment.MID_MARKET),
        (values.choice_of(Segment), "mid_market", Segment.MID_MARKET),
        (
            values.several_of(values.choice_of(ContactRole)),
            "Champion; power user;champion",
            [ContactRole.CHAMPION, ContactRole.POWER_USER],
        ),
        (values.parse_loosely, "12", 12),
        (values.parse_loosely, "1.5", 1.5),
        (values.parse_loosely, "007", "007"),
        (values.parse_loosely, "nan", "nan"),
        (values.parse_loosely, "=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_cells_are_read(parse: Callable[[str], Any], text: str, read: object) -> None:
    assert parse(text) == read


@pytest.mark.parametrize(
    ("parse", "text", "words"),
    [
        (values.parse_amount, "lots", '"lots" is not a number'),
        (values.parse_amount, "-5", "not an amount between 0"),
        (values.parse_amount, "99,999,999,999", "not an amount between 0"),
        (values.parse_email, "maya", "not an email address"),
        (values.parse_domain, "acme", "not a web domain"),
        (values.parse_key, "Ac me", "not a key"),
        (values.parse_country, "Atlantis", "two-letter code"),
        (values.parse_currency, "euro", "three-letter code"),
        (values.parse_timezone, "Berlin", "IANA name"),
        (values.parse_hour, "25", "from 0 to 24"),
        (values.parse_yes_no, "perhaps", "not yes or no"),
        (values.choice_of(Segment), "tiny", "not one of smb, mid-market, enterprise"),
        (values.text_up_to(3), "abcd", "longer than 3"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(parse: Callable[[str], Any], text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme Corp.", "acme-corp"),
        ("Müller & Söhne GmbH", "muller-sohne-gmbh"),
        ("Straße Østergård", "strasse-ostergard"),
        ("!!!", ""),
        ("x" * 79 + " y", "x" * 79),
    ],
)
def test_a_key_is_made_from_a_name(name: str, key: str) -> None:
    assert slug(name) == key


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-03-04", None, date(2026, 3, 4)),
        ("2026-03-04 10:30", None, date(2026, 3, 4)),
        ("2026-03-04T00:00:00Z", None, date(2026, 3, 4)),
        ("4.3.2026", None, date(2026, 3, 4)),
        ("4.3.2026", DateOrder.US, date(2026, 3, 4)),
        ("03/04/2026", DateOrder.US, date(2026, 3, 4)),
        ("04/03/2026", DateOrder.EU, date(2026, 3, 4)),
        ("04/03/26", DateOrder.EU, date(2026, 3, 4)),
        ("Mar 4, 2026", None, date(2026, 3, 4)),
        ("4 March 2026", None, date(2026, 3, 4)),
    ],
)
def test_dates_are_read_as_systems_write_them(text: str, order: DateOrder | None, day: date) -> None:
    assert parse_date(text, order) == day


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "31/31/2026", "20260304", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date"):
        date_parser(None)(text)


def test_one_date_that_can_only_be_read_one_way_decides_for_the_file() -> None:
    assert decide_order(["03/04/2026", "03/25/2026"], None) is DateOrder.US
    assert decide_order(["03/04/2026", "25/03/2026"], None) is DateOrder.EU


@pytest.mark.parametrize("texts", [["03/04/2026"], ["03/04/2026", "25/03/2026", "03/25/2026"]])
def test_dates_that_can_be_read_two_ways_need_to_be_told_which(texts: list[str]) -> None:
    with pytest.raises(InvalidInput, match="--date-format us"):
        decide_order(texts, None)
    assert decide_order(texts, DateOrder.EU) is DateOrder.EU


def test_a_file_whose_dates_say_for_themselves_needs_no_word_about_them() -> None:
    assert decide_order(["2026-03-04", "4.3.2026", "05/05/2026"], None) is None
