"""Which statements a piece of work sends to the database, and which of them read a big table from end to end."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from sqlalchemy import Connection, event

from bot.db import Database

BIG = frozenset(
    {
        *("accounts", "account_roles", "contacts", "health_snapshots", "milestones", "notes"),
        *("runs", "steps", "touchpoints", "timeline", "signals", "escalations", "alerts"),
        *("deliveries", "posted_messages", "posted_steps", "email_messages", "rule_firings"),
    }
)
PARTIAL = frozenset(  # indexes that hold only what is under way: to read all of one is not to read the table
    {
        *("ix_touchpoints_planned", "ix_deliveries_unsent", "uq_deliveries_pending", "uq_alerts_open"),
        *("ix_escalations_unresolved", "ix_escalations_raised"),
    }
)
PLANNED = re.compile(r"\s*(WITH|SELECT|UPDATE|DELETE)\b", re.IGNORECASE)
SCAN = re.compile(r"SCAN (\w+?)(?:_\d+)?(?: USING (?:COVERING )?INDEX (\w+))?$")

Sent = dict[str, Any]  # statements as the driver got them, with the parameters of the first time


def far_only(database: Database) -> Database:
    """The same database without the ways that go past SQLAlchemy, where nobody could listen."""
    far = copy(database)
    far._near_writer = far._near_engine = None
    return far


@contextmanager
def listening(database: Database) -> Iterator[Sent]:
    """What is sent while the block runs, but for inserted rows."""
    sent: Sent = {}

    def note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if PLANNED.match(statement):
            sent.setdefault(statement, parameters[0] if many else parameters)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def scans(database: Database, sent: Sent) -> list[str]:
    """The big tables that one of the statements can only read from end to end, each with its statement.

    On PostgreSQL whatever reads everything is made dear, as it would be on big tables: one that is left has no index to
    go by. Of an index that is read as a whole the same is true, but for its first or last entry.
    """
    found = []
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            for way in ("seqscan", "mergejoin", "hashjoin"):
                await connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN (FORMAT JSON) "
        for statement, parameters in sent.items():
            rows = (await connection.exec_driver_sql(explain + statement, parameters)).all()
            tables = _of_sqlite(rows) if database.is_sqlite else _of_postgres(_plan(rows[0][0]))
            found += [f"{table}: {statement}" for table in tables]
        await connection.rollback()
    return found


def _plan(answer: Any) -> dict[str, Any]:
    plan: dict[str, Any] = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return plan


def _of_postgres(node: dict[str, Any], above: str = "") -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name", "")
    whole = kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node and above != "Limit"
    if table in BIG and (kind == "Seq Scan" or (whole and node["Index Name"] not in PARTIAL)):
        yield table
    for child in node.get("Plans", ()):
        yield from _of_postgres(child, kind)


def _of_sqlite(rows: Any) -> Iterator[str]:
    for row in rows:
        if (scan := SCAN.match(row[3])) and scan[1] in BIG and scan[2] not in PARTIAL:
            yield scan[1]
