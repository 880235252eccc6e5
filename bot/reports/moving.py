"""What moving the open runs of a playbook would change, for the form that asks."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.governance.moving import Move, preview_move, runs_to_move
from bot.engine.state import RunState
from bot.library.library import Library
from bot.models import Contact
from bot.slack.move_modal import SHOWN_RUNS, MoveLine, RunPreview
from bot.slack.payloads import MoveForm


@dataclass(frozen=True)
class MoveOffer:
    form: MoveForm
    title: str
    runs: tuple[RunPreview, ...]
    total: int


async def load_move(
    session: AsyncSession, library: Library, key: str, now: datetime, account_id: int | None = None
) -> MoveOffer | None:
    """The first runs in detail; None when there is nothing to move. Raises NotFound when no version is in use."""
    run_ids = await runs_to_move(session, library, key, account_id)
    moves = [await preview_move(session, library, run_id, now) for run_id in run_ids[:SHOWN_RUNS]]
    if not any(move.changes for _, move in moves):
        return None
    runs = [_preview(state, move, session) for state, move in moves if move.changes]
    playbook, version = library.approved(key), library.standing.approved.get(key)
    form = MoveForm(playbook=key, version=version.version_id if version else 0, account=account_id)
    return MoveOffer(form, playbook.title if playbook else key, tuple([await run for run in runs]), len(run_ids))


async def _preview(state: RunState, move: Move, session: AsyncSession) -> RunPreview:
    contact = await session.get(Contact, state.run.contact_id) if state.run.contact_id else None
    return RunPreview(
        account=state.account.name,
        contact=contact.name if contact else None,
        added=tuple(MoveLine(step.title, step.before, step.after) for step in move.added),
        dropped=move.dropped,
        moved=tuple(MoveLine(step.title, step.before, step.after) for step in move.moved),
        kept=move.kept,
    )
