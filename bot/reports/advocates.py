"""Who at an account does us favours, what they were asked, and whether they may be asked again."""

from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.advocacy import OPEN_ASKS, load_contacts, load_situation, refuse
from bot.engine.calendars import local_date
from bot.engine.fatigue import Refusal, decide_ask
from bot.errors import NotFound
from bot.library.library import Library
from bot.models import Account, AdvocacyAsk, AdvocateStatus, AskKind, Contact, Member
from bot.slack.account_words import ADVOCATE_WORDS
from bot.slack.advocates import KIND_LABELS, AdvocatesView, AskRow, ContactRow
from bot.slack.dates import day_words
from bot.slack.payloads import AskRef

PAGE = 8  # contacts: with their asks, a message stays within Slack's limits of blocks and of text
GONE = "That ask is not there any more. `/account advocates` shows what is current."

_ADVOCATES_FIRST = {AdvocateStatus.ADVOCATE: 0, AdvocateStatus.CANDIDATE: 1, None: 2, AdvocateStatus.DECLINED: 3}


async def load_advocates(
    session: AsyncSession, library: Library, account_id: int, reader: Actor, now: datetime, page: int
) -> AdvocatesView:
    """A page of the account's contacts: advocates first, then by NPS. `page` counts from 1."""
    account = await session.get(Account, account_id)
    if account is None or account.archived:
        raise NotFound("That account is not there any more. `/account list` shows yours.")
    contacts = sorted(await load_contacts(session, account_id), key=_order)
    pages = max(1, -(-len(contacts) // PAGE))
    shown = min(max(1, page), pages)
    on_page = contacts[(shown - 1) * PAGE : shown * PAGE]
    today = local_date(now, reader.timezone)
    asks = await _asks(session, account_id, shown, today)
    situation = await load_situation(session, account, reader.timezone)
    policy = library.advocacy_policy
    return AdvocatesView(
        name=account.name,
        key=account.key,
        contacts=tuple(
            _row(one, asks.get(one.id, []), decide_ask(policy, situation, one.id, one.name, today)) for one in on_page
        ),
        page=shown,
        pages=pages,
    )


def _order(contact: Contact) -> tuple[int, int, str]:
    return _ADVOCATES_FIRST[contact.advocate], -(contact.nps if contact.nps is not None else -1), contact.name


def _row(contact: Contact, asks: list[AskRow], refusal: Refusal | None) -> ContactRow:
    facts = [contact.title or "", ", ".join(role.replace("_", " ") for role in contact.roles)]
    facts += [f"NPS {contact.nps}"] if contact.nps is not None else []
    facts += [ADVOCATE_WORDS[contact.advocate]] if contact.advocate else []
    facts += ["never asked"] if contact.asked_at is None else []
    open_asks = [ask for ask in asks if ask.is_open]
    closed = [ask for ask in asks if not ask.is_open]
    return ContactRow(
        contact_id=contact.id,
        name=contact.name,
        facts=tuple(fact for fact in facts if fact),
        said_yes_to=tuple(KIND_LABELS[AskKind(kind)].lower() for kind in contact.advocacy if kind in set(AskKind)),
        asks=(*open_asks, *closed[:1]),
        refusal=refusal.sentence if refusal else None,
    )


async def _asks(session: AsyncSession, account_id: int, page: int, today: date) -> dict[int, list[AskRow]]:
    """The asks of an account by contact, the latest first."""
    query = (
        select(AdvocacyAsk, Contact.name, Member.name)
        .join(Contact, col(Contact.id) == AdvocacyAsk.contact_id)
        .join(Member, col(Member.id) == AdvocacyAsk.asked_by_id)
        .where(AdvocacyAsk.account_id == account_id)
        .order_by(col(AdvocacyAsk.asked_at).desc(), col(AdvocacyAsk.id).desc())
    )
    found: dict[int, list[AskRow]] = {}
    for ask, contact, by in (await session.exec(query)).all():
        found.setdefault(ask.contact_id, []).append(_ask_row(ask, contact, by, today, page))
    return found


async def load_ask(session: AsyncSession, ask_id: int, reader: Actor, now: datetime, page: int | None = None) -> AskRow:
    query = (
        select(AdvocacyAsk, Contact.name, Member.name)
        .join(Contact, col(Contact.id) == AdvocacyAsk.contact_id)
        .join(Member, col(Member.id) == AdvocacyAsk.asked_by_id)
        .where(AdvocacyAsk.id == ask_id)
    )
    found = (await session.exec(query)).one_or_none()
    if found is None:
        raise NotFound(GONE)
    return _ask_row(*found, local_date(now, reader.timezone), page)


async def load_ask_form(
    session: AsyncSession, library: Library, contact_id: int, reader: Actor, now: datetime
) -> tuple[str, str | None]:
    """The contact's name, and why they may not be asked now."""
    contact = await session.get(Contact, contact_id)
    if contact is None:
        raise NotFound("That contact is not there any more. `/account advocates` shows who is.")
    account = await session.get_one(Account, contact.account_id)
    refusal = await refuse(session, library, account, contact, reader, now)
    return contact.name, refusal.sentence if refusal else None


def _ask_row(ask: AdvocacyAsk, contact: str, by: str, today: date, page: int | None) -> AskRow:
    return AskRow(
        ref=AskRef(ask=ask.id, page=page),
        kind=ask.kind,
        status=ask.status,
        contact=contact,
        when=day_words(ask.asked_at.date(), today),
        by=by,
        is_open=ask.status in OPEN_ASKS,
    )
