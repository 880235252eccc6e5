"""When the steps of a run are due. Pure: dates in, dates out."""

from collections.abc import Mapping
from datetime import date

from bot.engine.calendars import shift, working_day_on_or_after
from bot.library.offsets import OPENING, START, Offset
from bot.library.schema import Playbook, StepSpec
from bot.models import Account, Anchor


def anchor_dates(account: Account) -> dict[str, date | None]:
    return {anchor.value: getattr(account, anchor) for anchor in Anchor}


def plan_due_dates(
    playbook: Playbook,
    *,
    started_on: date,
    anchors: Mapping[str, date | None],
    settled_on: Mapping[str, date],
    countries: Mapping[str, str],
) -> dict[str, date | None]:
    """The due date of every step, by key.

    `settled_on` holds the days on which steps were really finished, or to which somebody put them off: what is due
    relative to such a step counts from that day, else from the day the step is planned for. `countries` gives each
    step's assignee's country. A step that hangs on a date the account does not have has no due date. What would have
    been due before the run started, as when a renewal playbook starts late, is due on the day it started.
    """
    known: dict[str, date | None] = {START: started_on, **anchors}
    due: dict[str, date | None] = {}
    for key in playbook.due_order:
        spec = playbook.step(key)
        reference = _opening(spec, known, started_on) if spec.due.reference == OPENING else known[spec.due.reference]
        planned = due_after(reference, spec.due.offset, countries[key]) if reference else None
        due[key] = planned and max(planned, working_day_on_or_after(started_on, countries[key]))
        known[key] = settled_on.get(key, due[key])
    return due


def due_after(reference: date, offset: Offset, country: str) -> date:
    """A day that is not a working day becomes the next that is: nobody hears of a step on a Sunday."""
    return working_day_on_or_after(shift(reference, offset, country), country)


def _opening(spec: StepSpec, known: Mapping[str, date | None], started_on: date) -> date | None:
    """The day on which a step is expected to open: that of the last step it needs whose day is known."""
    days = [known[key] for key in spec.needs]
    return max((day for day in days if day), default=None) if days else started_on
