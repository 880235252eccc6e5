"""`playcall signals import FILE.csv`: rows 1.23 and 1.24 from a file."""

from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput
from bot.imports.importing import ImportRefused, Options
from bot.imports.signals import SignalImport, import_signals
from tests.support.signals import kept_signals, quarantined, use_shipped_metrics
from tests.support.world import World

GOOD = """Company;Metric;Value;Date;Feature
Acme.example;active_users;1.234,5;01.03.2026;
acme;feature_use;12;2026-02-28T09:30:00+02:00;reports
"""
BAD = """account,kind,number,observed_at,label
acme,active_users,10,2026-03-01,
nobody,active_users,10,2026-03-01,
acme,active_usres,10,2026-03-01,
acme,active_users,nan,2026-03-01,
acme,active_users,ten,2026-03-01,
acme,feature_use,1,2026-03-01,
acme,active_users,1,2027-03-01,
acme,active_users,1,soon,
acme,active_users,1,,
"""


async def run(world: World, text: str, *, dry_run: bool = False, skip_bad_rows: bool = False) -> SignalImport:
    use_shipped_metrics(world)
    given = Options("usage.csv", dry_run, skip_bad_rows)
    return await import_signals(
        world.database, world.library, text.encode(), given, world.now, lambda *_: lambda _: None
    )


async def test_a_file_is_taken_in_once(world_on_sqlite: World) -> None:
    """row 1.23"""
    world = world_on_sqlite
    dry = await run(world, GOOD, dry_run=True)
    assert (dry.accepted, dry.known, await kept_signals(world)) == (2, 0, [])
    first, again = [await run(world, GOOD) for _ in range(2)]
    assert [(done.accepted, done.known) for done in (first, again)] == [(2, 0), (0, 2)]
    assert (await run(world, GOOD, dry_run=True)).known == 2
    assert [(s.kind, s.number, s.label, s.observed_at, s.source) for s in await kept_signals(world)] == [
        ("active_users", 1234.5, None, datetime(2026, 3, 1, tzinfo=UTC), "import"),
        ("feature_use", 12, "reports", datetime(2026, 2, 28, 7, 30, tzinfo=UTC), "import"),
    ]


async def test_each_row_with_a_mistake_is_named_and_nothing_is_taken_in(world_on_sqlite: World) -> None:
    world = world_on_sqlite
    with pytest.raises(ImportRefused) as refused:
        await run(world, BAD)
    said = [str(problem) for problem in refused.value.problems]
    assert [line.split(": ", 1)[0] for line in said] == [
        "row 3 (nobody active_users)",
        "row 4 (acme active_usres)",
        "row 5 (acme active_users)",
        "row 6 (acme active_users)",
        "row 7 (acme feature_use)",
        "row 8 (acme active_users)",
        "row 9 (acme active_users)",
        "row 10 (acme active_users)",
    ]
    assert "did you mean active_users?" in said[1]
    assert said[3].endswith('number: "ten" is not a number')
    assert await kept_signals(world) == []
    done = await run(world, BAD, skip_bad_rows=True)
    assert (done.accepted, len(done.problems), await quarantined(world)) == (1, 8, [])


async def test_a_file_without_a_needed_column_says_what_is_understood(world_on_sqlite: World) -> None:
    with pytest.raises(InvalidInput, match='The column kind is missing \\(also understood: "Metric"'):
        await run(world_on_sqlite, "account,value,date\nacme,1,2026-03-01\n")
