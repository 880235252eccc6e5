"""What the card of a step says of other contacts with the account, and the words for what clashes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.contact_history import load_contacts_made, load_weather
from bot.engine.outreach import Clash, Outreach, TooSoon, find_clashes, reaches_customer
from bot.library.library import Library
from bot.library.schema import Category, Mode
from bot.models import StepStatus
from bot.slack.dates import day_words

if TYPE_CHECKING:  # cards are made there, with what is made here
    from bot.reports.step_cards import StepWithRun


async def load_card_cautions(
    session: AsyncSession, library: Library, steps: "Iterable[StepWithRun]", reader: Actor, now: datetime
) -> dict[int, str]:
    """By step: what its card says of other contacts with the account. Asked only where there may be something."""
    policy = library.contacting_policy
    horizon = now - timedelta(days=policy.gap_days + 1)
    open_steps = [each for each in steps if each.step.status is StepStatus.OPEN]
    reaching = [each for each in open_steps if reaches_customer(each.step.kind, each.spec)]
    fresh = {
        each.account.id for each in reaching if each.account.last_contact_at and each.account.last_contact_at > horizon
    }
    waiting = {each.account.id for each in reaching if each.playbook.category is Category.EXPANSION}
    made = await load_contacts_made(session, library, fresh, horizon, reader.timezone) if fresh else {}
    weather = await load_weather(session, library, waiting) if waiting else {}
    if not made and not weather:
        return {}
    today = local_date(now, reader.timezone)
    found = {}
    for each in reaching:  # each by itself: what else is planned is for the page and the modal
        one = outreach_of(each, frozenset())
        clash = find_clashes(policy, [one], made, weather, today, reader.country).get(one.step_id)
        if words := clash_words(clash, each.account.name, today):
            found[one.step_id] = " ".join(words)
    return found


def clash_words(clash: Clash | None, account: str, today: date) -> list[str]:
    if clash is None:
        return []
    words = []
    if clash.waits_for:
        words.append(f"It waits while {clash.waits_for}, and comes back by itself.")
    if clash.too_soon:
        words.append(_soon_words(clash.too_soon, account, today))
    if clash.twin:
        when = day_words(clash.twin.due_on, today) if clash.twin.due_on else "soon"
        words.append(
            f"The same person gets “{clash.twin.title}” ({clash.twin.playbook}, {when}) about the same thing: "
            "send one of the two, and skip the other."
        )
    elif clash.near:
        when = day_words(clash.near.due_on, today) if clash.near.due_on else "soon"
        words.append(f"Close to “{clash.near.title}” ({clash.near.playbook}, {when}).")
    return words


def _soon_words(soon: TooSoon, account: str, today: date) -> str:
    ago = (today - soon.last.on).days
    when = {0: "today", 1: "yesterday"}.get(ago, f"{ago} days ago")
    free = "" if soon.free_on <= today else f"; next free day {day_words(soon.free_on, today)}"
    return f"{account} heard from us {when} ({soon.last.playbook}: {soon.last.step}){free}."


def outreach_of(found: "StepWithRun", contact_ids: frozenset[int]) -> Outreach:
    email = found.spec.email
    return Outreach(
        step_id=found.step.id,
        run_id=found.run.id,
        account_id=found.account.id,
        title=found.step.title,
        playbook=found.run.title,
        category=found.playbook.category,
        due_on=found.step.due_on,
        contact_ids=contact_ids,
        topic=email.template.partition("/")[0] if email else None,
        automatic=found.spec.mode is Mode.AUTOMATIC,
    )
