"""Alerts as people see them: in a message, in a list, on the Home tab."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, union
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.alert_answers import GONE
from bot.engine.calendars import local_date
from bot.engine.permissions import require_may_answer_alert
from bot.engine.state import load_team
from bot.errors import NotFound
from bot.library.library import Library
from bot.models import Account, AccountRole, Alert, AlertStatus, Contact, Member, MemberRole, Run, Severity
from bot.models.columns import constant
from bot.slack.alert_message import AlertCard
from bot.slack.alert_modals import AlertHead
from bot.slack.payloads import AlertRef

SHOWN = 100  # rows read: more than any list shows, so that the others can be counted
GRAVITY = case({severity.value: rank for rank, severity in enumerate(reversed(Severity))}, value=col(Alert.severity))
OPEN = col(Alert.status) == constant(AlertStatus.OPEN)
_SENTENCE = re.compile(r".+?[.!?](?=\s|$)", re.DOTALL)


async def load_told(
    session: AsyncSession, library: Library, delivery_id: int, reader: Member, now: datetime
) -> list[AlertCard]:
    """The alerts that a message tells of, answered or not."""
    return await _load(session, library, reader.id, reader.timezone, now, col(Alert.delivery_id) == delivery_id)


async def load_open_alerts(
    session: AsyncSession,
    library: Library,
    reader: Actor,
    now: datetime,
    *,
    account_id: int | None = None,
    everybodys: bool = False,
) -> list[AlertCard]:
    """The open alerts of an account, everybody's, or else the reader's: those asked of them, or about their accounts.

    The most serious first. Those of archived accounts are left out.
    """
    which = [OPEN, col(Account.archived).is_(False)]
    if account_id is not None:
        which.append(col(Alert.account_id) == account_id)
    elif not everybodys:
        which.append(_mine(reader.member_id))
    return await _load(session, library, reader.member_id, reader.timezone, now, *which)


async def load_alert_head(session: AsyncSession, ref: AlertRef, reader: Actor) -> AlertHead:
    """What a modal about it says. Raises NotAllowed for a reader who may not answer, before they have written."""
    query = select(Alert, Account.name).join(Account, col(Account.id) == Alert.account_id).where(Alert.id == ref.alert)
    found = (await session.exec(query)).one_or_none()
    if found is None:
        raise NotFound(GONE)
    alert, account = found
    require_may_answer_alert(reader, alert, (await load_team(session, alert.account_id)).roles)
    return AlertHead(ref, account, alert.title, alert.why)


def _mine(member_id: int) -> ColumnElement[bool]:
    """The open ones they are asked, or that are about their accounts: each by an index of its own."""
    my_book = select(AccountRole.account_id).where(
        AccountRole.member_id == member_id, AccountRole.role == MemberRole.CSM
    )
    asked, of_book = (
        select(Alert.id).where(OPEN, which)
        for which in (col(Alert.member_id) == member_id, col(Alert.account_id).in_(my_book))
    )
    return col(Alert.id).in_(union(asked, of_book))


async def _load(
    session: AsyncSession,
    library: Library,
    reader_id: int,
    timezone: str,
    now: datetime,
    *which: ColumnElement[bool],
) -> list[AlertCard]:
    asked, closer = aliased(Member), aliased(Member)
    query = (
        select(Alert, Account, Contact.name, asked.name, closer.name, Run.title)  # type: ignore[call-overload]  # six
        .join(Account, col(Account.id) == Alert.account_id)
        .join(asked, col(asked.id) == Alert.member_id)
        .join(Contact, col(Contact.id) == Alert.contact_id, isouter=True)
        .join(closer, col(closer.id) == Alert.closed_by_id, isouter=True)
        .join(Run, col(Run.id) == Alert.run_id, isouter=True)
        .where(*which)
        .order_by(GRAVITY, col(Alert.created_at), col(Alert.id))
        .limit(SHOWN)
    )
    zone, today = ZoneInfo(timezone), local_date(now, timezone)
    return [
        AlertCard(
            alert_id=alert.id,
            account_id=account.id,
            account=account.name,
            account_key=account.key,
            status=AlertStatus(alert.status),
            severity=Severity(alert.severity),
            title=alert.title,
            why=alert.why,
            since=alert.created_at.astimezone(zone),
            today=today,
            contact=contact,
            asked=None if alert.member_id == reader_id else asked_name,
            closed_by=closed_by,
            closed_at=alert.closed_at.astimezone(zone) if alert.closed_at else None,
            reason=alert.reason,
            quiet_until=alert.quiet_until,
            started=started,
            **_recommended(library, alert.playbook_key),
        )
        for alert, account, contact, asked_name, closed_by, started in (await session.exec(query)).all()
    ]


def _recommended(library: Library, key: str | None) -> dict[str, str]:
    playbook = library.approved(key) if key else None
    return {"recommends": playbook.title, "because": first_sentence(playbook.summary)} if playbook else {}


def first_sentence(text: str) -> str:
    words = " ".join(text.split())
    match = _SENTENCE.match(words)
    return match[0] if match else words
