"""Which playbooks belong to which stage, which team has steps there, and how much of it is going on."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Reader
from bot.library.library import Library
from bot.models import ACTIONABLE, Account, MemberRole, Run, RunStatus, Step
from bot.models.columns import constant
from bot.reports.account_head import Statement
from bot.slack.tables import Cell, Table

BELONGS = "·"


async def load_grid(reader: Reader, library: Library) -> Table:
    """Stage x playbook: how many run on accounts in the stage; `·` where a playbook belongs and none is running.

    A playbook that names no stage belongs anywhere; it has a column of its own.
    """
    running = await _running(reader)
    stages = [*library.stages.titles, *sorted({stage for _, stage in running} - set(library.stages.titles))]
    keys = [*library.current, *sorted({key for key, _ in running} - set(library.current))]
    rows = [_playbook_row(library, key, stages, running) for key in sorted(keys)]
    return Table(("playbook", *stages, "anywhere"), tuple(rows))


def _playbook_row(
    library: Library, key: str, stages: Sequence[str], running: Counter[tuple[str, str]]
) -> tuple[Cell, ...]:
    playbook = library.approved(key)
    own = set(playbook.stages) if playbook else set()
    cells = [running[key, stage] or (BELONGS if stage in own else None) for stage in stages]
    return (key, *cells, BELONGS if playbook and not own else None)


async def _running(reader: Reader) -> Counter[tuple[str, str]]:
    query: Statement = (
        select(col(Run.playbook_key), col(Account.stage), func.count().label("number"))
        .join(Account, col(Account.id) == Run.account_id)
        .where(col(Run.status) == constant(RunStatus.ACTIVE), col(Account.archived).is_(False))
        .group_by(col(Run.playbook_key), col(Account.stage))
    )
    return Counter({(row.playbook_key, row.stage): row.number for row in (await reader.execute(query)).all()})


async def load_team_grid(reader: Reader, library: Library) -> Table:
    """Stage x team: how many steps the playbooks of a stage give a role and, after a slash, how many are open now.

    Steps of playbooks that belong anywhere are in the last column.
    """
    stages = list(library.stages.titles)
    planned: dict[MemberRole, Counter[str]] = defaultdict(Counter)
    for playbook in library.current.values():
        for step in playbook.steps:
            planned[step.role].update(playbook.stages or ["anywhere"])
    open_now = await _open_steps(reader)
    stages = [*stages, *sorted({stage for _, stage in open_now} - set(stages))]
    teams = [role for role in MemberRole if planned[role] or any(key[0] == role for key in open_now)]
    rows = [
        (role.value, *(_both(planned[role][stage], open_now[role.value, stage]) for stage in [*stages, "anywhere"]))
        for role in teams
    ]
    return Table(("team", *stages, "anywhere"), tuple(rows))


def _both(planned: int, open_now: int) -> str | None:
    return f"{planned}/{open_now}" if open_now else (str(planned) if planned else None)


async def _open_steps(reader: Reader) -> Counter[tuple[str, str]]:
    query: Statement = (
        select(col(Step.role), col(Account.stage), func.count().label("number"))
        .join(Run, col(Run.id) == Step.run_id)
        .join(Account, col(Account.id) == Step.account_id)
        .where(col(Step.status).in_(ACTIONABLE), col(Run.status) == constant(RunStatus.ACTIVE))
        .group_by(col(Step.role), col(Account.stage))
    )
    return Counter({(row.role.value, row.stage): row.number for row in (await reader.execute(query)).all()})
