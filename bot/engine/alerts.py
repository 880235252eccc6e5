"""Alerts: something about an account that one person should decide about. One is open for each cause.

What is answered is in `alert_answers.py`, how often they interrupt in `interrupting.py`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.interrupting import day_began, decide_wait
from bot.engine.journal import record
from bot.engine.outbox import enqueue, member_lane, redraw_delivery, refresh_homes
from bot.engine.owners import owner_members
from bot.engine.raising import any_leader
from bot.engine.state import Team, load_team, lock_account
from bot.library.library import Library
from bot.models import (
    Account,
    Alert,
    AlertStatus,
    Contact,
    DeliveryKind,
    Member,
    MemberRole,
    Severity,
    TimelineKind,
)

TITLE_LENGTH = 200
WHY_LENGTH = 3000
RANK = {severity: rank for rank, severity in enumerate(Severity)}
RESTING = (AlertStatus.NOT_NOW, AlertStatus.WRONG_DATA)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """`cause` is what it is about: rules of one cause share an alert. `why` is what was measured, in words.

    `to` is who decides: a role on the account or an email. Where there is nobody, the CSM; without one, a leader.
    """

    rule_key: str
    cause: str
    title: str
    why: str
    playbook_key: str | None
    severity: Severity
    to: str


async def raise_alert(
    session: AsyncSession, library: Library, account: Account, contact: Contact | None, alert: NewAlert, now: datetime
) -> str:
    """Ask somebody to decide. Returns in words, without an account's name, what was done: `Maya Lindt is alerted`.

    An alert that is open for the same cause takes up what is new, and is redrawn. A cause that somebody said "not now"
    or "wrong data" about rests until the day kept with that answer; only a more severe "not now" comes through.
    """
    account = await lock_account(session, account.id)
    team = await load_team(session, account.id)
    about = _about(account.id, contact.id if contact else None, alert.cause)
    if open_ := await _one(session, about, col(Alert.status) == AlertStatus.OPEN):
        return await _add_to(session, library, open_, alert, team, now)
    if rest := await _rest(session, about, alert.severity, team.today(now)):
        return rest
    member = await _whom(session, team, alert.to)
    if member is None:
        return "there is nobody to alert"
    raised = Alert(
        account_id=account.id,
        contact_id=contact.id if contact else None,
        cause=alert.cause,
        rule_key=alert.rule_key,
        title=alert.title[:TITLE_LENGTH],
        why=alert.why[:WHY_LENGTH],
        playbook_key=alert.playbook_key,
        severity=alert.severity,
        to_role=None if "@" in alert.to else MemberRole(alert.to),
        member_id=member.id,
        created_at=now,
    )
    session.add(raised)
    await session.flush()
    summary = f"alerted {member.name}: {alert.title}. {alert.why}"
    record(session, TimelineKind.ALERT_RAISED, summary, now, account_id=account.id, details=_details(raised))
    await _tell(session, library, raised, member, now)
    await refresh_homes(session, [member.id, team.roles.get(MemberRole.CSM)], now)
    return f"{member.name} is alerted"


async def end_alerts(session: AsyncSession, account_id: int, contact_id: int | None, cause: str, now: datetime) -> None:
    """The reason is gone, for every rule of the cause: its open alert closes itself and says so.

    A cause that rests because its data were called wrong rests no longer: the data say something else now. Nothing
    happens where there is no such alert.
    """
    await lock_account(session, account_id)
    about = _about(account_id, contact_id, cause)
    if alert := await _one(session, about, col(Alert.status) == AlertStatus.OPEN):
        await close(session, alert, AlertStatus.OVER, now)
        summary = f"closed the alert “{alert.title}”: the reason is gone"
        record(session, TimelineKind.ALERT_ANSWERED, summary, now, account_id=account_id, details=_details(alert))
    called_wrong = and_(col(Alert.status) == AlertStatus.WRONG_DATA, col(Alert.quiet_until).is_not(None))
    if wrong := await _one(session, about, called_wrong):
        wrong.quiet_until = None


async def close(
    session: AsyncSession, alert: Alert, status: AlertStatus, now: datetime, *, by_id: int | None = None
) -> None:
    """End an open alert, and show so wherever it stands. `by_id` None: Playcall itself."""
    alert.status, alert.closed_at, alert.closed_by_id = status, now, by_id
    await show(session, alert, now)
    csm = (await load_team(session, alert.account_id)).roles.get(MemberRole.CSM)
    await refresh_homes(session, [alert.member_id, csm, by_id], now)


async def show(session: AsyncSession, alert: Alert, now: datetime) -> None:
    """Draw the message that tells of the alert anew."""
    alert.revision += 1
    await session.flush()
    if alert.delivery_id is not None:
        await redraw_delivery(session, alert.delivery_id, now)


async def _add_to(
    session: AsyncSession, library: Library, alert: Alert, new: NewAlert, team: Team, now: datetime
) -> str:
    """The first line is that of the rule that raised it, so what that rule measures now takes its place."""
    first, *others = alert.why.split("\n")
    lines = [new.why, *others] if new.rule_key == alert.rule_key else [first, *others, new.why]
    why = "\n".join(dict.fromkeys(lines))[:WHY_LENGTH]
    severer = RANK[new.severity] > RANK[Severity(alert.severity)]
    member = await session.get_one(Member, alert.member_id)
    if why == alert.why and not severer:
        return f"{member.name} is alerted already"
    alert.why, alert.playbook_key = why, alert.playbook_key or new.playbook_key
    if severer:
        alert.severity = new.severity
    if severer and not alert.at_once:
        await _tell(session, library, alert, member, now)
    else:
        await show(session, alert, now)
    record(
        session,
        TimelineKind.ALERT_RAISED,
        f"added to the alert that {member.name} has: {new.title}. {new.why}",
        now,
        account_id=alert.account_id,
        details=_details(alert),
    )
    await refresh_homes(session, [alert.member_id, team.roles.get(MemberRole.CSM)], now)
    return f"it is added to the alert that {member.name} has"


async def _rest(session: AsyncSession, about: ColumnElement[bool], severity: Severity, today: date) -> str | None:
    """Why nothing is said about this cause now; None when there is no such reason."""
    answered = await _one(session, about, col(Alert.status).in_(RESTING), col(Alert.quiet_until) > today)
    if answered is None or answered.quiet_until is None:
        return None
    if answered.status is AlertStatus.WRONG_DATA:
        return "nobody is alerted: somebody said that the data are wrong"
    if RANK[severity] > RANK[Severity(answered.severity)]:
        return None
    return f"nobody is alerted before {answered.quiet_until}: somebody said “not now”"


async def _tell(session: AsyncSession, library: Library, alert: Alert, member: Member, now: datetime) -> None:
    """Put it into a message of its own at once, or into the one of the person's next morning: see interrupting.py."""
    told = await _told_today(session, alert, member, now)
    wait = decide_wait(library.interruptions, Severity(alert.severity), told, member, now)
    alert.at_once = wait is None
    alert.delivery_id = await enqueue(
        session,
        DeliveryKind.ALERT,
        now,
        lane=member_lane(member.id),
        merge_key=f"alerts:{member.id}" if wait else None,
        member_id=member.id,
        account_id=None if wait else alert.account_id,
        delay=wait - now if wait else timedelta(),
    )
    await session.flush()


async def _told_today(session: AsyncSession, alert: Alert, member: Member, now: datetime) -> int:
    query = select(func.count()).where(
        Alert.member_id == member.id,
        col(Alert.at_once).is_(True),
        Alert.severity == alert.severity,
        Alert.id != alert.id,
        Alert.created_at >= day_began(member, now),
    )
    return int((await session.exec(query)).one())


async def _whom(session: AsyncSession, team: Team, to: str) -> Member | None:
    """Nobody else's colleague in the role is asked, except that an administrator is everybody's."""
    if "@" in to or to == MemberRole.ADMIN:
        found = next(iter(await owner_members(session, to, None)), None)
    else:
        found = team.in_role(MemberRole(to))
    return found or team.csm or await any_leader(session, team)


def _about(account_id: int, contact_id: int | None, cause: str) -> ColumnElement[bool]:
    return and_(
        col(Alert.account_id) == account_id,
        col(Alert.contact_id).is_not_distinct_from(contact_id),
        col(Alert.cause) == cause,
    )


async def _one(session: AsyncSession, *which: ColumnElement[bool]) -> Alert | None:
    """The newest of these."""
    query = select(Alert).where(*which).order_by(col(Alert.id).desc()).limit(1)
    return (await session.exec(query.execution_options(populate_existing=True))).one_or_none()


def _details(alert: Alert) -> dict[str, int | str]:
    return {"alert": alert.id, "cause": alert.cause, "rule": alert.rule_key}
