"""The draft of an email step: whom it goes to, and its words with the merge tags filled in."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.emails import Mail
from bot.errors import InvalidInput, WrongState
from bot.library.conditions import holds
from bot.library.facts import account_facts, contact_facts
from bot.library.library import Library
from bot.library.rendering import Draft, EmailTemplates, render_email
from bot.library.schema import Email
from bot.library.tags import build_context, person
from bot.models import Account, Contact, ContactRole, Member, Milestone, MilestoneStatus, Note
from bot.reports.step_cards import StepWithRun, Surroundings, load_surroundings
from bot.reports.step_forms import load_step
from bot.reports.success_plan import load_plan_tags
from bot.slack.email_modal import EmailDraft, Recipient

NOTES = 10
PERSONAL = ("name", "first_name", "email", "title")
_PERSONAL_TAG = re.compile(r"\{\{\s*contact\.(name|first_name|email|title)\s*\}\}")


async def load_email_draft(
    session: AsyncSession, library: Library, templates: EmailTemplates, step_id: int, reader: Actor, now: datetime
) -> EmailDraft:
    """The mail for one contact; or for everyone meant, in which what is personal stays a merge tag until it goes."""
    found = await load_step(session, library, step_id)
    email = _email_of(found)
    around = await load_surroundings(session, [found])
    contacts = around.contacts.get(found.account.id, [])
    recipients = choose_recipients(email, contacts, around.contact_of(found.run), found.account, now.date())
    contact = recipients[0] if recipients else None
    context = await _context(session, found, around, contact, reader, now)
    if email.everyone:
        context["contact"] = {field: f"{{{{ contact.{field} }}}}" for field in PERSONAL}
    template = templates.find(email.template, found.account.segment)
    draft: Draft = render_email(template, context)
    return EmailDraft(
        subject=draft.subject,
        body=draft.body,
        recipients=tuple(_recipient(contact) for contact in recipients),
        everyone=email.everyone,
        choices=tuple(_recipient(contact) for contact in contacts if may_be_mailed(contact)),
        missing=draft.missing,
    )


async def write_mails(
    session: AsyncSession,
    library: Library,
    step_id: int,
    now: datetime,
    *,
    to: int | None,
    subject: str,
    body: str,
) -> list[Mail]:
    """The mails to send: the edited draft to one contact, or to everyone meant with what is personal filled in."""
    if to is not None:
        return [Mail(to, subject, body)]
    found = await load_step(session, library, step_id)
    contacts = (
        await session.exec(select(Contact).where(Contact.account_id == found.account.id).order_by(col(Contact.id)))
    ).all()
    about = next((contact for contact in contacts if contact.id == found.run.contact_id), None)
    today = now.date()
    return [
        Mail(contact.id, personal(subject, contact, "subject"), personal(body, contact, "body"))
        for contact in choose_recipients(_email_of(found), contacts, about, found.account, today)
    ]


def choose_recipients(
    email: Email, contacts: Sequence[Contact], about: Contact | None, account: Account, today: date
) -> list[Contact]:
    """Whom a mail is meant for, of those who may be mailed: everyone who fits, or the first one who does.

    Roles count in the order they are written in. Without roles it is the contact the run is about, else a champion.
    """
    of_account = account_facts(account, today)
    fitting = [
        contact
        for contact in contacts
        if may_be_mailed(contact)
        and holds(email.where, {"account": of_account, "contact": contact_facts(contact, today)})
    ]
    if email.everyone:
        return [contact for contact in fitting if not email.to or set(email.to) & set(contact.roles)]
    if not email.to and about is not None:
        return [contact for contact in fitting if contact.id == about.id]
    roles = email.to or [ContactRole.CHAMPION]
    return [contact for role in roles for contact in fitting if role in contact.roles][:1]


def may_be_mailed(contact: Contact) -> bool:
    """Not who asked not to be, nor at an address that a mail server has refused for good."""
    return contact.may_email and contact.unsubscribed_at is None and contact.bounced_at is None


def personal(text: str, contact: Contact, field: str) -> str:
    """The text with the contact's own merge tags filled in. `field` is the input to blame for one without a value."""
    values = person(contact) | {"title": contact.title or ""}

    def fill(tag: re.Match[str]) -> str:
        if not values[tag[1]]:
            raise InvalidInput(f"{contact.name} has no {tag[1].replace('_', ' ')} on file. Do without it.", field=field)
        return values[tag[1]]

    return _PERSONAL_TAG.sub(fill, text)


async def _context(
    session: AsyncSession,
    found: StepWithRun,
    around: Surroundings,
    contact: Contact | None,
    reader: Actor,
    now: datetime,
) -> dict[str, Any]:
    account_id = found.account.id
    notes = (
        select(Note)
        .where(Note.account_id == account_id, Note.created_at >= found.run.started_at)
        .order_by(col(Note.created_at).desc(), col(Note.id).desc())
        .limit(NOTES)
    )
    milestones = (
        await session.exec(select(Milestone).where(Milestone.account_id == account_id).order_by(col(Milestone.id)))
    ).all()
    return build_context(
        account=found.account,
        today=local_date(now, reader.timezone),
        members=around.team_of(account_id),
        sender=await session.get(Member, reader.member_id),
        contact=contact,
        run=found.run,
        playbook_title=found.run.title,
        steps=around.run_steps.get(found.run.id, []),
        notes=(await session.exec(notes)).all(),
        milestones=milestones,
        milestone=_milestone_of(found, milestones),
        plan=(await load_plan_tags(session, [account_id])).get(account_id, ()),
    )


def _milestone_of(found: StepWithRun, milestones: Sequence[Milestone]) -> Milestone | None:
    """The milestone that started the run; of one started by hand, the last one reached."""
    trigger = found.run.trigger_key or ""
    started_it = [milestone for milestone in milestones if trigger.endswith(f":milestone:{milestone.id}")]
    reached = [milestone for milestone in milestones if milestone.status is MilestoneStatus.REACHED]
    return next(iter(started_it), None) or max(
        reached, key=lambda m: m.reached_at or found.run.started_at, default=None
    )


def _email_of(found: StepWithRun) -> Email:
    if found.spec.email is None:
        raise WrongState(f"“{found.step.title}” has no email to review. Complete it instead.")
    return found.spec.email


def _recipient(contact: Contact) -> Recipient:
    return Recipient(contact.id, contact.name, contact.email)
