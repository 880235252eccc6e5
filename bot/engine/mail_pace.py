"""Whether an email may go by itself now, or has to wait because its readers heard enough from us lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.calendars import local_date
from bot.engine.contact_history import load_contacts_made, load_mails
from bot.engine.outreach import decide_gap, decide_limit
from bot.engine.state import RunState
from bot.library.library import Library
from bot.models import Step


@dataclass(frozen=True, slots=True)
class Pace:
    """Until when an email is put off, and why; `until` None: it goes now, but not to those `left_out`."""

    until: date | None = None
    why: str = ""
    left_out: frozenset[int] = frozenset()  # contacts


async def load_pace(
    session: AsyncSession, library: Library, state: RunState, step: Step, contact_ids: Sequence[int], now: datetime
) -> Pace:
    """By playbooks/contacting.yaml, for the email of a step to these contacts."""
    policy, who, account = library.contacting_policy, state.assignee(step), state.account
    today = local_date(now, who.timezone)
    since = now - timedelta(days=policy.gap_days + 1)
    made = await load_contacts_made(session, library, [account.id], since, who.timezone)
    if soon := decide_gap(policy, made.get(account.id, ()), step.run_id, today, who.country):
        return Pace(soon.free_on, f"{account.name} has just heard from us ({soon.last.playbook}: {soon.last.step})")
    mails = await load_mails(session, contact_ids, policy.per_contact.of(account.touch).days + 1, now)
    days = {contact: [local_date(at, who.timezone) for at in mails.get(contact, ())] for contact in contact_ids}
    return decide_pace({contact: decide_limit(policy, account.touch, days[contact], today) for contact in contact_ids})


def decide_pace(free_on: Mapping[int, date | None]) -> Pace:
    """`free_on` says from when on each contact may get another mail; None: now. Who may get it now does."""
    limited = {contact: day for contact, day in free_on.items() if day}
    if len(limited) < len(free_on):
        return Pace(left_out=frozenset(limited))
    return Pace(min(limited.values()), "who it is for got as many mails lately as contacting.yaml allows")
