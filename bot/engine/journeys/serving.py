"""How an account is served: its segment, touch and journey, as the segment table says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.journal import record
from bot.engine.journeys.moving import put_on_journey
from bot.engine.outbox import notify
from bot.engine.state import load_team
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.segments import DECIDED, SegmentRow
from bot.models import OPEN_RUNS, Account, Run, TimelineKind, Touch


@dataclass(frozen=True, slots=True)
class Served:
    """What changes about how an account is served: by field, the value before and after. `because`: the row's title."""

    changes: dict[str, tuple[str | None, str]]
    because: str

    @property
    def words(self) -> str:
        moves = ", ".join(f"{name} {before or 'none'} → {after}" for name, (before, after) in self.changes.items())
        return f"{moves} (row “{self.because}”)"


def row_of(library: Library, account: Account, today: date) -> SegmentRow | None:
    """The row of the segment table that an account is in as it is now."""
    if not library.segments.table:
        return None
    return library.segments.answer({"account": account_facts(account, today)})


def decide_service(
    library: Library,
    account: Account,
    before: SegmentRow | None,
    after: SegmentRow | None,
    by_hand: Collection[str] = (),
) -> Served | None:
    """What the table changes when its answer went from one row to another; None when nothing.

    A value somebody set by hand stays until the table's own answer for that field becomes a different one.
    """
    if after is None:
        return None
    changes: dict[str, tuple[str | None, str]] = {}
    for name in DECIDED:
        said, says, present = getattr(before, name, None), getattr(after, name), getattr(account, name)
        is_known = name != "journey" or says in library.journeys
        if says is not None and is_known and says not in {said, present} and name not in by_hand:
            changes[name] = (present, str(says))
    return Served(changes, after.title) if changes else None


async def follow_table(
    session: AsyncSession,
    library: Library,
    account: Account,
    before: SegmentRow | None,
    today: date,
    actor: Actor | None,
    now: datetime,
    *,
    by_hand: Collection[str] = (),
    tells_csm: bool = True,
) -> list[str]:
    """Change how an account is served when the table's answer has become another. Says what, why, and what does not.

    Playbooks under way are left alone. `before` is the row before the account changed.
    """
    served = decide_service(library, account, before, row_of(library, account, today), by_hand)
    return await serve(session, library, account, served, actor, now, tells_csm=tells_csm) if served else []


async def serve(
    session: AsyncSession,
    library: Library,
    account: Account,
    served: Served,
    actor: Actor | None,
    now: datetime,
    *,
    tells_csm: bool = True,
) -> list[str]:
    """Carry it out, with the timeline entry and a word to the CSM. Returns the sentences."""
    after = {name: value for name, (_, value) in served.changes.items()}
    account.segment = after.get("segment", account.segment)
    account.touch = Touch(after.get("touch", account.touch))
    account.updated_at = now
    details = {name: [before, value] for name, (before, value) in served.changes.items()}
    summary = f"changed how the account is served: {served.words}"
    record(session, TimelineKind.SERVICE_CHANGED, summary, now, account_id=account.id, actor=actor, details=details)
    await session.flush()
    sentences = [f"Served differently from now on: {served.words}."]
    if "journey" in after:
        change = await put_on_journey(
            session, library, account.id, after["journey"], None, now, why=f"row “{served.because}”"
        )
        sentences.append(change.sentence)
    sentences += await _left_alone(session, account)
    csm = (await load_team(session, account.id)).csm
    if tells_csm and csm and (actor is None or csm.id != actor.member_id):
        text = f"{account.name}: {' '.join(sentences)} `/account show {account.key}` shows how it is served."
        await notify(session, csm.id, text, now, account_id=account.id)
    return sentences


async def _left_alone(session: AsyncSession, account: Account) -> list[str]:
    query = select(func.count()).where(Run.account_id == account.id, col(Run.status).in_(OPEN_RUNS))
    number = (await session.exec(query)).one()
    if not number:
        return []
    runs = "1 playbook under way stays as it is" if number == 1 else f"{number} playbooks under way stay as they are"
    return [f"{runs}: `/playbook move KEY {account.key}` takes one over to what holds for the account now."]
