"""A playbook's step that asks a contact a favour: completing it logs the ask, undoing it takes the ask back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.advocacy import (
    choose_contact,
    find_open_ask,
    fitting_contacts,
    load_contacts,
    log_ask,
    note_answer,
)
from bot.engine.answers import Checked
from bot.engine.state import RunState
from bot.engine.transitions import ASK_FROM
from bot.library.library import Library
from bot.library.schema import Ask
from bot.models import AdvocacyAsk, AdvocateStatus, AskStatus, Contact, ContactRole, Step


async def log_step_ask(
    session: AsyncSession,
    library: Library,
    state: RunState,
    step: Step,
    checked: Checked,
    actor: Actor,
    now: datetime,
) -> dict[str, Any] | None:
    """Log what the step asked and what came of it. Returns what `revert_step_ask` needs; None when nobody was asked.

    An ask of this kind that is still open is continued. A new one is within the limit, or a leader's with a reason.
    """
    ask, status = state.spec(step).ask, _status(checked)
    if ask is None or status is None:
        return None
    roles = ask.to or [ContactRole.CHAMPION]
    fitting = _fitting(ask, roles, await load_contacts(session, step.account_id), state.run.contact_id)
    found = await find_open_ask(session, fitting, ask.kind)
    if found is not None:
        contact = next(contact for contact in fitting if contact.id == found.contact_id)
        former = [found.status.value, found.outcome, _iso(found.closed_at)]
        kept = {"id": found.id, "former": former, "contact": _of_contact(contact)}
    else:
        contact, refusal = await choose_contact(
            session, library, state.account, fitting, roles, actor, now, field="outcome"
        )
        before = _of_contact(contact)
        found = await log_ask(
            session,
            state.account,
            contact,
            ask.kind,
            actor,
            now,
            refusal=refusal,
            override=checked.reason if actor.leads else None,
            field="outcome",
        )
        kept = {"id": found.id, "contact": before}
    if found.status in ASK_FROM[status]:
        note_answer(session, found, contact, status, actor, now, checked.reason)
    return kept


def _status(checked: Checked) -> AskStatus | None:
    return checked.outcome.ask if checked.outcome else AskStatus.ASKED


def _fitting(
    ask: Ask, roles: Sequence[ContactRole], contacts: Sequence[Contact], about: int | None
) -> Sequence[Contact]:
    """Whom the step may mean: the contact the run is about, unless it names roles."""
    if about is not None and not ask.to:
        return [contact for contact in contacts if contact.id == about]
    return fitting_contacts(contacts, roles)


def _of_contact(contact: Contact) -> list[Any]:
    return [contact.advocate.value if contact.advocate else None, list(contact.advocacy), _iso(contact.asked_at)]


async def revert_step_ask(session: AsyncSession, kept: dict[str, Any]) -> None:
    """Take back what a step logged: a new ask is forgotten, one it continued is as it was before."""
    ask = await session.get(AdvocacyAsk, kept["id"])
    if ask is None:
        return
    contact = await session.get_one(Contact, ask.contact_id)
    advocate, contact.advocacy, asked_at = kept["contact"]
    contact.advocate = AdvocateStatus(advocate) if advocate else None
    contact.asked_at = _instant(asked_at)
    if kept.get("former") is None:
        await session.delete(ask)
        return
    status, ask.outcome, closed_at = kept["former"]
    ask.status, ask.closed_at = AskStatus(status), _instant(closed_at)


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
