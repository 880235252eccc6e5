from pathlib import Path

import pytest

from bot.errors import InvalidInput
from bot.imports.accounts import Accounts, account_columns
from bot.imports.columns import match_columns
from bot.imports.contacts import Contacts
from bot.imports.reading import read_table
from bot.library.library import Library


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_is_read_in_every_usual_separator_and_encoding(separator: str, encoding: str) -> None:
    text = f"Name{separator}City\r\nMüller & Söhne{separator}Köln\r\n"
    table = read_table(text.encode(encoding))
    assert table.headers == ["Name", "City"]
    assert table.rows[0].cells == ["Müller & Söhne", "Köln"]


def test_latin_1_bytes_that_windows_does_not_know_are_still_read() -> None:
    assert read_table(b"name\nM\xfcller \x81\n").rows[0].cells[0].startswith("Müller")


def test_rows_are_numbered_as_a_spreadsheet_shows_them_and_blank_ones_do_not_count_as_data() -> None:
    table = read_table(b'name,note\n"Acme","two\nlines"\n,\nGlobex,\n')
    assert [(row.number, row.cells[0]) for row in table.rows] == [(2, "Acme"), (4, "Globex")]


def test_a_separator_inside_quotes_is_text() -> None:
    assert read_table(b'name;arr\n"Acme; Inc.";5\n').rows[0].cells == ["Acme; Inc.", "5"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04\x00\x00\x00", "binary data"),
        (b'name,arr\n"Acme,5\n', "cannot be read beyond row 1"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_table(content)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Company name", "name"),
        ("Company Domain Name", "domain"),
        ("Account Name", "name"),
        ("Annual Revenue", "arr"),
        ("Account Owner", "csm"),
        ("Company owner", "csm"),
        ("Renewal Date", "renewal_date"),
        ("RENEWAL_DATE", "renewal_date"),
        ("Lifecycle Stage", "stage"),
        ("Record ID", "hubspot_id"),
        ("Account ID", "salesforce_id"),
        ("Country/Region", "country"),
    ],
)
def test_headers_of_crm_exports_are_understood(header: str, field: str) -> None:
    matching = match_columns(["key", header], account_columns(Library(Path("nowhere"))), Accounts.required)
    assert (field, 1) in [(column.name, at) for column, at in matching.positions]


def test_of_two_headers_for_one_field_the_surer_is_taken_and_the_other_reported() -> None:
    matching = match_columns(
        ["Annual Revenue", "ARR", "Name"], account_columns(Library(Path("nowhere"))), Accounts.required
    )
    assert [at for column, at in matching.positions if column.name == "arr"] == [1]
    assert matching.unknown == [("Annual Revenue", 0)]


def test_a_missing_column_is_named_with_the_headers_that_are_understood() -> None:
    with pytest.raises(InvalidInput, match=r'The column account is missing \(also understood: .*"Associated Company"'):
        match_columns(["Email", "First Name", "Last Name"], Contacts.columns, Contacts.required)


def test_a_name_in_two_halves_stands_for_the_name_column() -> None:
    matching = match_columns(["Account", "Email", "First Name"], Contacts.columns, Contacts.required)
    assert matching.unknown == []
