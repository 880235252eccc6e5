"""Whole rows in a session on SQLite's own driver: loaded and written without SQLAlchemy's machinery for them.

For a row or two that machinery takes ten times what SQLite does, for the sake of what our tables do not have:
relationships, inheritance, several tables to a class. What is out of the ordinary (a row deleted, a savepoint, a value
that is an expression) is left to it all the same. Objects come from here as they would from there: one for each row
of a session, and what changes in it is noticed.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol, cast

from sqlalchemy import ClauseElement, Insert, Table, Update, bindparam, insert, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import InstanceState, Mapper, Session, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from bot.near_values import DIALECT, Columns, taking

THIS = "this row"  # the parameter that says which row to change; no column is called so


class Written(Protocol):
    """What the driver says of a statement that it carried out."""

    @property
    def rowcount(self) -> int: ...
    @property
    def lastrowid(self) -> int | None: ...


class Driver(Protocol):
    def write(self, sql: str, values: Sequence[Any], /) -> Written: ...


class Making:
    """Makes objects of a table out of rows as the driver gives them, in which its columns begin at `first`."""

    def __init__(self, mapper: Mapper[Any], first: int) -> None:
        columns = list(_table(mapper).columns)
        self.end = first + len(columns)
        self._mapper = mapper
        self._part = slice(first, self.end)
        self._keys = [mapper.get_property_by_column(column).key for column in columns]
        self._number = columns.index(*_table(mapper).primary_key)
        self._columns = Columns(columns)

    def of(self, session: Session, row: Sequence[Any], *, anew: bool) -> Any:
        """The session's object for the row. What it has already stays as it is, unless `anew`."""
        given = row[self._part]
        identity = self._mapper.identity_key_from_primary_key((given[self._number],))
        made = session.identity_map.get(identity)
        if made is not None and not anew:
            return made
        if made is None:
            made = self._mapper.class_manager.new_instance()
            state = instance_state(made)
            state.key, state.session_id = identity, session.hash_key
            session.identity_map.add(state)
        instance_dict(made).update(zip(self._keys, self._columns.values(given), strict=True))
        return made


def write_changes(session: Session, driver: Driver) -> bool:
    """Write what was changed, then what is new in the order in which it was added.

    Returns False, and has written nothing, when something of it is out of the ordinary.
    """
    changed, new = list(session.dirty), list(session.new)
    if session.deleted or session.in_nested_transaction():
        return False
    if not all(_is_plain(instance_state(row)) for row in (*changed, *new)):
        return False
    for row in changed:
        _change(instance_state(row), driver)
    for row in new:
        _add(row, instance_state(row), driver)
    for row in (*changed, *new):  # from now on it is as if it had been loaded like this
        make_transient(row)
        make_transient_to_detached(row)
        session.add(row)
    return True


def _is_plain(state: InstanceState[Any]) -> bool:
    """Whether a row has one number of its own, and all its values are at hand."""
    if state.unloaded or len(state.mapper.primary_key) > 1:
        return False
    return not any(isinstance(state.dict[key], ClauseElement) for key in state.committed_state)


def _change(state: InstanceState[Any], driver: Driver) -> None:
    values = state.dict
    keys = tuple(sorted(key for key, before in state.committed_state.items() if values[key] != before))
    if not keys:
        return
    table, [number] = _table(state.mapper), state.identity or ()
    written = _Words.of_change(table, keys).carry_out(driver, {**values, THIS: number})
    if written.rowcount != 1:
        raise StaleDataError(f"{table.name} has no row {number} any more")


def _add(row: object, state: InstanceState[Any], driver: Driver) -> None:
    table = _table(state.mapper)
    [number] = table.primary_key
    numbered = state.dict[number.key] is not None
    written = _Words.of_new(table, numbered).carry_out(driver, state.dict)
    if not numbered:
        set_committed_value(row, number.key, written.lastrowid)


def _table(mapper: Mapper[Any]) -> Table:
    return cast("Table", mapper.local_table)  # no class of ours is mapped to anything else


class _Words:
    """A change in SQLite's words."""

    def __init__(self, statement: Insert | Update, keys: Sequence[str]) -> None:
        compiled = statement.compile(dialect=DIALECT, column_keys=keys)
        self._sql = str(compiled)
        self._takes = [(name, taking(compiled.binds[name].type)) for name in compiled.positiontup or ()]

    def carry_out(self, driver: Driver, values: Mapping[str, Any]) -> Written:
        try:
            given = [convert(values[name]) if convert else values[name] for name, convert in self._takes]
        except ValueError as error:  # SQLAlchemy names it like this on any other way
            raise StatementError(str(error), self._sql, None, error) from error
        return driver.write(self._sql, given)

    @staticmethod
    @cache
    def of_change(table: Table, keys: tuple[str, ...]) -> "_Words":
        [number] = table.primary_key
        return _Words(update(table).where(number == bindparam(THIS, type_=number.type)), keys)

    @staticmethod
    @cache
    def of_new(table: Table, numbered: bool) -> "_Words":
        keys = [column.name for column in table.columns if numbered or not column.primary_key]
        return _Words(insert(table).inline(), keys)
