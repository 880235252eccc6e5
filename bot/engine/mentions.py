"""Where a person at a customer is named in what is on file: which tables, which rows of them, and by what words."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from sqlalchemy import JSON, Column, ColumnElement, RowMapping, Table, UniqueConstraint, and_, or_
from sqlalchemy import select as core_select
from sqlmodel import AutoString, SQLModel

from bot.models import Account, Contact

REMOVED = "[removed]"

LONGEST_KEY = 80  # no column as short as this holds what somebody wrote: statuses, keys of playbooks, time stamps, ...
OF_THE_COMPANY = frozenset({"name", "domain"})  # an account's own name is the company's, whoever has the same one


def naming(contacts: Sequence[Contact]) -> re.Pattern[str]:
    """Finds one person by each of their names and emails, as words of their own.

    A name of several words is found however it is written; one of a single word only as it stands on file, and only
    when it begins with a capital: "will" and "billing" are words, too.
    """
    found: set[str] = set()
    for contact in contacts:
        found |= {f"(?i:{re.escape(email)})" for email in (contact.email, quote(contact.email, safe=""))}
        words = contact.name.split()
        if len(words) > 1:
            found.add("(?i:" + r"\s+".join(map(re.escape, words)) + ")")
        elif contact.name[:1].isupper():
            found.add(re.escape(contact.name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(found, key=len, reverse=True))})(?!\w)")


def rooms() -> Iterator[Table]:
    """The tables that may name somebody: those that are about an account and hold words. A new one is among them."""
    for table in SQLModel.metadata.sorted_tables:
        if table.name != Contact.__tablename__ and "id" in table.c and _leads_to_account(table) and wordy(table):
            yield table


def about(table: Table, account_id: int) -> ColumnElement[bool]:
    """The rows of an account, and those of none: of signals nobody has assigned, of notices to us."""
    if table.name == Account.__tablename__:
        return table.c.id == account_id
    if "account_id" in table.c:
        return or_(table.c.account_id == account_id, table.c.account_id.is_(None))
    ways = _ways(table)
    of_account = [
        column.in_(core_select(target.c.id).where(target.c.account_id == account_id)) for column, target in ways
    ]
    return or_(*of_account, and_(*(column.is_(None) for column, _ in ways)))


def wordy(table: Table) -> list[Column[Any]]:
    """The columns that may name somebody."""
    kept = OF_THE_COMPANY if table.name == Account.__tablename__ else ()
    return [column for column in table.columns if _holds_words(column) and column.name not in kept]


def names_them(person: re.Pattern[str], table: Table, row: RowMapping) -> bool:
    return any(_without(person, row[column.name]) != row[column.name] for column in wordy(table))


def scrubbed(person: re.Pattern[str], table: Table, row: RowMapping) -> dict[str, Any]:
    """The columns of a row that name the person, as they are to be: with `[removed]` there."""
    unique = _unique(table)
    changes: dict[str, Any] = {}
    for column in wordy(table):
        value = _without(person, row[column.name])
        if value == row[column.name]:
            continue
        if column.name in unique:
            value = f"removed-{row['id']}"  # of two rows that named somebody, each stays one of its kind
        changes[column.name] = value[: column.type.length] if isinstance(column.type, AutoString) else value
    return changes


def _leads_to_account(table: Table) -> bool:
    return table.name == Account.__tablename__ or "account_id" in table.c or bool(_ways(table))


def _ways(table: Table) -> list[tuple[Column[Any], Table]]:
    """The columns by which a table without accounts of its own refers to rows that have one."""
    refers = [(key.parent, key.column.table) for key in table.foreign_keys]
    return [(column, target) for column, target in refers if "account_id" in target.c]


def _holds_words(column: Column[Any]) -> bool:
    if isinstance(column.type, JSON):
        return True
    return isinstance(column.type, AutoString) and (column.type.length or LONGEST_KEY + 1) > LONGEST_KEY


def _unique(table: Table) -> set[str]:
    indexed = (column.name for index in table.indexes if index.unique for column in index.columns)
    constrained = (one for one in table.constraints if isinstance(one, UniqueConstraint))
    return {*indexed, *(column.name for one in constrained for column in one.columns)}


def _without(person: re.Pattern[str], value: Any) -> Any:
    if isinstance(value, str):
        return person.sub(REMOVED, value)
    if isinstance(value, dict):
        return {_without(person, key): _without(person, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(person, item) for item in value]
    return value
