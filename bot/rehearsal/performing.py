"""The one way into a rehearsal."""

from datetime import date, datetime, timedelta

import structlog

from bot.clock import FixedClock
from bot.engine.calendars import at_hour
from bot.engine.rehearsing import last_day
from bot.library.schema import Playbook
from bot.rehearsal.assuming import AS_PLANNED, Assumptions
from bot.rehearsal.playing import Play
from bot.rehearsal.scene import ending_of, set_scene
from bot.rehearsal.scratch import open_scratch
from bot.rehearsal.snapshot import take_snapshot
from bot.services import Services
from bot.slack.rehearsal_view import Transcript


async def rehearse(
    services: Services,
    playbook: Playbook,
    account_id: int,
    now: datetime,
    *,
    started_on: date | None = None,
    until: date | None = None,
    assumptions: Assumptions = AS_PLANNED,
) -> Transcript:
    """What would happen if the playbook, in use or not, started on that day; None means today where the CSM is.

    It begins when the CSM's working day does, so the same day gives the same transcript. It ends with the run, with the
    last day, or after two years. Of `services` only the files and the account are read: everything happens in a
    database that is gone afterwards. Raises InvalidInput for what cannot be rehearsed.
    """
    async with services.database.reading() as connection:
        snapshot = await take_snapshot(connection, account_id)
    clock = FixedClock(now)
    with structlog.contextvars.bound_contextvars(rehearsal=playbook.key):
        async with open_scratch(services.settings, services.library, playbook, snapshot, clock) as stage:
            async with stage.database.transaction() as session:
                scene = await set_scene(session, stage.library, playbook, account_id, started_on, clock, assumptions)
            last = last_day(scene.started_on, until)
            play = Play(stage, clock, services.library, scene, assumptions)
            await play.until(at_hour(last + timedelta(days=1), 0, scene.cast.zone.key))
            async with stage.database.transaction() as session:
                ending = await ending_of(session, scene, last)
    return Transcript(
        playbook=scene.playbook,
        playbook_key=playbook.key,
        account=scene.account,
        account_id=account_id,
        started_on=scene.started_on,
        zone=scene.cast.zone.key,
        entries=tuple(play.entries),
        ending=ending,
        shaped_by=scene.shaped_by,
        remarks=scene.remarks,
    )
