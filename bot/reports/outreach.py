"""What is about to reach customers, with what speaks against it, and what reached them lately."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.contact_history import MAY_REACH, load_contacts_made, load_mails, load_weather
from bot.engine.outreach import Clash, decide_limit, find_clashes, reaches_customer
from bot.library.conditions import ConditionError
from bot.library.library import Library
from bot.library.schema import Mode
from bot.models import (
    ACTIONABLE,
    Account,
    AccountRole,
    Contact,
    EmailMessage,
    EmailStatus,
    MemberRole,
    Run,
    RunStatus,
    Step,
    StepStatus,
)
from bot.reports.cautions import clash_words, outreach_of
from bot.reports.email_draft import choose_recipients
from bot.reports.step_cards import StepWithRun, Surroundings, load_steps, load_surroundings
from bot.slack.outreach import OutreachLine, OutreachPage, PastLine, QueuedLine

DAYS = 30
TO_DO = (*ACTIONABLE, StepStatus.WAITING)
PAST_SHOWN = 5


async def load_account_outreach(
    session: AsyncSession, library: Library, account: Account, reader: Actor, now: datetime
) -> OutreachPage:
    """The next 30 days of one account, whoever's steps they are, and its last contacts."""
    today = local_date(now, reader.timezone)
    lines = await _load_lines(session, library, [account.id], reader, now)
    since = now - timedelta(days=DAYS)
    made = await load_contacts_made(session, library, [account.id], since, reader.timezone)
    return OutreachPage(
        title=f"{account.name}: what is about to reach them",
        today=today,
        days=DAYS,
        lines=tuple(lines),
        queued=tuple(await _load_queued(session, [account.id])),
        past=tuple(PastLine(one.on, one.step, one.playbook) for one in made.get(account.id, [])[:PAST_SHOWN]),
        gap_days=library.contacting_policy.gap_days,
    )


async def load_own_outreach(session: AsyncSession, library: Library, reader: Actor, now: datetime) -> OutreachPage:
    """The same for the accounts the reader is the CSM of, without what is past."""
    query = (
        select(AccountRole.account_id)
        .join(Account, col(Account.id) == AccountRole.account_id)
        .where(
            AccountRole.member_id == reader.member_id,
            AccountRole.role == MemberRole.CSM,
            col(Account.archived).is_(False),
        )
    )
    accounts = (await session.exec(query)).all()
    return OutreachPage(
        title="What is about to reach your customers",
        today=local_date(now, reader.timezone),
        days=DAYS,
        lines=tuple(await _load_lines(session, library, accounts, reader, now)) if accounts else (),
        queued=tuple(await _load_queued(session, accounts)) if accounts else (),
        past=None,
        gap_days=library.contacting_policy.gap_days,
    )


async def load_cautions(
    session: AsyncSession,
    library: Library,
    found: StepWithRun,
    contact_ids: Collection[int],
    reader: Actor,
    now: datetime,
) -> list[str]:
    """What somebody who is about to reach a customer should know: one sentence each. Nothing is forbidden by it."""
    if not reaches_customer(found.step.kind, found.spec):
        return []
    today = local_date(now, reader.timezone)
    steps = await _load_planned(session, library, [found.account.id], today)
    clashes = await _find(session, library, steps, await load_surroundings(session, steps), reader, now)
    cautions = clash_words(clashes.get(found.step.id), found.account.name, today)
    return [*cautions, *await _limit_words(session, library, found.account, contact_ids, reader, now)]


async def _limit_words(
    session: AsyncSession,
    library: Library,
    account: Account,
    contact_ids: Collection[int],
    reader: Actor,
    now: datetime,
) -> list[str]:
    """Who of the recipients got as many mails lately as the limit allows."""
    policy, today = library.contacting_policy, local_date(now, reader.timezone)
    limit = policy.per_contact.of(account.touch)
    mails = await load_mails(session, contact_ids, limit.days + 1, now)
    days = {contact: [local_date(at, reader.timezone) for at in times] for contact, times in mails.items()}
    full = [contact for contact, dates in days.items() if decide_limit(policy, account.touch, dates, today)]
    if not full:
        return []
    names = (await session.exec(select(Contact.name).where(col(Contact.id).in_(full)).order_by(col(Contact.id)))).all()
    return [f"{', '.join(names)} got {limit.mails} mails or more in the last {limit.days} days."]


# --- reading ----------------------------------------------------------------------------------------------------------


async def _load_lines(
    session: AsyncSession, library: Library, account_ids: Sequence[int], reader: Actor, now: datetime
) -> list[OutreachLine]:
    today = local_date(now, reader.timezone)
    steps = await _load_planned(session, library, account_ids, today)
    around = await load_surroundings(session, steps)
    clashes = await _find(session, library, steps, around, reader, now)
    lines = [
        OutreachLine(
            step_id=each.step.id,
            revision=each.step.revision,
            due_on=each.step.due_on,
            title=each.step.title,
            account=each.account.name,
            playbook=each.run.title,
            who="by itself" if each.spec.mode is Mode.AUTOMATIC else around.name_of(each.step.assignee_id),
            is_open=each.step.status in ACTIONABLE,
            to=tuple(contact.name for contact in _recipients(each, around, now)),
            cautions=tuple(clash_words(clashes.get(each.step.id), each.account.name, today)),
            is_twin=each.step.id in clashes and clashes[each.step.id].twin is not None,
        )
        for each in steps
    ]
    return sorted(lines, key=lambda line: (line.due_on or date.max, line.step_id))


async def _load_planned(
    session: AsyncSession, library: Library, account_ids: Collection[int], today: date
) -> list[StepWithRun]:
    """The unfinished steps of these accounts that would reach the customer by then, those without a date included."""
    query = (
        select(Step.id)
        .join(Run, col(Run.id) == Step.run_id)
        .where(
            col(Step.account_id).in_(account_ids),
            col(Step.status).in_(TO_DO),
            col(Step.kind).in_(MAY_REACH),
            Run.status == RunStatus.ACTIVE,
            col(Step.due_on).is_(None) | (col(Step.due_on) <= today + timedelta(days=DAYS)),
        )
    )
    ids = (await session.exec(query)).all()
    steps = await load_steps(session, library, ids) if ids else []
    return [each for each in steps if reaches_customer(each.step.kind, each.spec)]


async def _find(
    session: AsyncSession,
    library: Library,
    steps: Sequence[StepWithRun],
    around: Surroundings,
    reader: Actor,
    now: datetime,
) -> dict[int, Clash]:
    policy = library.contacting_policy
    accounts = {each.account.id for each in steps}
    since = now - timedelta(days=policy.gap_days + 1)
    planned = [outreach_of(each, frozenset(c.id for c in _recipients(each, around, now))) for each in steps]
    made = await load_contacts_made(session, library, accounts, since, reader.timezone)
    weather = await load_weather(session, library, accounts)
    today = local_date(now, reader.timezone)
    return find_clashes(policy, planned, made, weather, today, reader.country)


def _recipients(found: StepWithRun, around: Surroundings, now: datetime) -> list[Contact]:
    """Whom the step's mail would go to as things are now; nobody for a step that is no mail."""
    if found.spec.email is None:
        return []
    contacts = around.contacts.get(found.account.id, [])
    try:
        return choose_recipients(found.spec.email, contacts, around.contact_of(found.run), found.account, now.date())
    except ConditionError:  # whoever reviews the mail is told
        return []


async def _load_queued(session: AsyncSession, account_ids: Sequence[int]) -> list[QueuedLine]:
    """Mails that were written and have not gone yet."""
    query = (
        select(EmailMessage.subject, Contact.name, Account.name)
        .join(Contact, col(Contact.id) == EmailMessage.contact_id)
        .join(Account, col(Account.id) == EmailMessage.account_id)
        .where(col(EmailMessage.account_id).in_(account_ids), EmailMessage.status == EmailStatus.QUEUED)
        .order_by(col(EmailMessage.id))
    )
    return [QueuedLine(subject, to, account) for subject, to, account in (await session.exec(query)).all()]
