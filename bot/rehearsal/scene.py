"""Where a rehearsal begins, with a run that has just started, and how it ends."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.clock import FixedClock
from bot.engine.actors import Actor
from bot.engine.calendars import at_hour
from bot.engine.rehearsing import missing_dates
from bot.engine.runs import start_run
from bot.engine.state import load_team
from bot.engine.variants import shape_for
from bot.errors import InvalidInput
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.models import FINISHED, Account, Contact, MemberRole, Run, RunStatus, Step
from bot.rehearsal.assuming import Assumptions, check_outcomes, choose_contact
from bot.rehearsal.cast import Cast, gather_cast


@dataclass(frozen=True)
class Scene:
    """A run that has just started, and who is in it. `remarks` are sentences; `shaped_by` the titles of overlays."""

    account_id: int
    account: str
    playbook: str
    run_id: int
    started_on: date
    cast: Cast
    shaped_by: tuple[str, ...]
    remarks: tuple[str, ...]


async def set_scene(
    session: AsyncSession,
    library: Library,
    base: Playbook,
    account_id: int,
    started_on: date | None,
    clock: FixedClock,
    assumptions: Assumptions,
) -> Scene:
    """Start the run as the CSM would, when their working day begins, and set the clock to that moment."""
    account = await session.get_one(Account, account_id)
    team = await load_team(session, account_id)
    csm, _ = team.assignee_for(MemberRole.CSM, account)
    start = started_on or team.today(clock.now())
    clock.set(at_hour(start, csm.workday_start, csm.timezone))
    shaped = shape_for(library, base, account, team, start)
    check_outcomes(shaped.playbook, assumptions.outcomes)
    contact = await _contact(session, base, account)
    run = await start_run(
        session,
        library,
        account_id,
        base.key,
        clock.now(),
        actor=Actor.of(csm),
        contact_id=contact.id if contact else None,
    )
    about = (f"It is about {contact.name} here.",) if contact else ()
    return Scene(
        account_id=account_id,
        account=account.name,
        playbook=shaped.playbook.title,
        run_id=run.id,
        started_on=start,
        cast=await gather_cast(session, csm.timezone),
        shaped_by=tuple(overlay.title for overlay in shaped.applied),
        remarks=(*about, *missing_dates(shaped.playbook, account)),
    )


async def _contact(session: AsyncSession, playbook: Playbook, account: Account) -> Contact | None:
    """Whom the run is about; None where it is about the account."""
    if playbook.subject == "account":
        return None
    contacts = (await session.exec(select(Contact).order_by(col(Contact.id)))).all()
    contact = choose_contact(playbook, contacts)
    if contact is None:
        raise InvalidInput(
            f"{playbook.title} is about one contact, and {account.name} has none yet. "
            f"Add one with `/account contact {account.key} NAME EMAIL`."
        )
    return contact


async def ending_of(session: AsyncSession, scene: Scene, last: date) -> str:
    """How it ended, in a sentence; what is left to do when it did not by the `last` day."""
    run = await session.get_one(Run, scene.run_id)
    if run.status is not RunStatus.ACTIVE and run.ended_at:
        return f"{run.title} is {run.status} on {_day(run.ended_at.astimezone(scene.cast.zone).date())}."
    query = select(Step.title).where(Step.run_id == run.id, col(Step.status).not_in(FINISHED))
    left = (await session.exec(query.order_by(col(Step.position)))).all()
    return f"It is not over on {_day(last)}. Still to do: {', '.join(left)}."


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
