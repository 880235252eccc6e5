"""Answering an alert: start what it recommends, not now, or the data are wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.alerts import close
from bot.engine.governance.owners import owners_of
from bot.engine.informing import tell
from bot.engine.journal import record
from bot.engine.permissions import require_may_answer_alert
from bot.engine.runs import start_run
from bot.engine.state import Team, load_team, lock_account
from bot.errors import AlreadyRunning, InvalidInput, NotFound, WrongState
from bot.library.library import Library
from bot.models import Account, Alert, AlertStatus, Member, MemberRole, TimelineKind

REASON_LENGTH = 2000
WRONG_DATA_RESTS = timedelta(days=30)  # unless the data say something else before
LONGEST_REST = 92  # days
TOPIC = "wrong_data"
HEAD = "Data that people say are wrong:"
GONE = "That alert is not there any more. `/account alerts` shows what is open."


@dataclass(frozen=True)
class AlertChange:
    alert: Alert
    changed: bool
    sentence: str


@dataclass(frozen=True)
class Asked:
    """An alert that somebody is answering, with its account and team; the account is locked."""

    alert: Alert
    account: Account
    team: Team


async def start_recommended(
    session: AsyncSession, library: Library, alert_id: int, actor: Actor, now: datetime
) -> AlertChange:
    """Start the playbook that the alert recommends. One that is under way already answers the alert, too.

    Raises what stands in the way of starting it; the alert stays open then.
    """
    asked = await _load(session, alert_id, actor)
    alert, account = asked.alert, asked.account
    if said := await _said_before(session, alert, AlertStatus.STARTED):
        return AlertChange(alert, False, said)
    if account.archived:
        raise WrongState(f"{account.name} is archived, so nothing is started there. “Not now” closes this alert.")
    key = _recommended(alert)
    _require_its_contact(library, key, alert, account)
    try:
        run = await start_run(
            session, library, account.id, key, now, actor=actor, contact_id=alert.contact_id, invited=True
        )
        alert.run_id, sentence = run.id, f"{actor.name} started {run.title} on {account.name}."
    except AlreadyRunning as running:
        alert.run_id, sentence = running.run_id, f"{running.message} The alert is closed with it."
    await _close(session, asked, AlertStatus.STARTED, f"answered the alert “{alert.title}”: start", actor, now)
    return AlertChange(alert, True, sentence)


async def say_not_now(
    session: AsyncSession, alert_id: int, actor: Actor, now: datetime, *, reason: str, days: int
) -> AlertChange:
    """Close the alert, and let its cause rest for so many days. The reason is kept on the timeline."""
    asked = await _load(session, alert_id, actor)
    if said := await _said_before(session, asked.alert, AlertStatus.NOT_NOW):
        return AlertChange(asked.alert, False, said)
    why = _text(reason, "Say why not now, in a few words: whoever looks at the account later will read it.")
    if not 1 <= days <= LONGEST_REST:
        raise InvalidInput("Choose for how long it should rest.", field="until")
    until = asked.team.today(now) + timedelta(days=days)
    asked.alert.quiet_until, asked.alert.reason = until, why
    did = f"said not now to the alert “{asked.alert.title}”, quiet until {until.day} {until:%b %Y}: {why}"
    await _close(session, asked, AlertStatus.NOT_NOW, did, actor, now)
    return AlertChange(asked.alert, True, f"{actor.name} {did}")


async def say_wrong_data(
    session: AsyncSession, library: Library, alert_id: int, actor: Actor, now: datetime, *, reason: str
) -> AlertChange:
    """Close the alert, let its cause rest, and tell whoever mends the data of the playbook it recommends."""
    asked = await _load(session, alert_id, actor)
    if said := await _said_before(session, asked.alert, AlertStatus.WRONG_DATA):
        return AlertChange(asked.alert, False, said)
    why = _text(reason, "Say what is wrong with the data: their owner will read it.")
    asked.alert.quiet_until, asked.alert.reason = asked.team.today(now) + WRONG_DATA_RESTS, why
    did = f"said that the data behind the alert “{asked.alert.title}” are wrong: {why}"
    await _close(session, asked, AlertStatus.WRONG_DATA, did, actor, now)
    owners = [owner for owner in await _data_owners(session, library, asked.alert) if owner.id != actor.member_id]
    line = f"{asked.account.name}, “{asked.alert.title}” ({_one_line(asked.alert.why)}). {actor.name}: {why}"
    for owner in owners:
        await tell(session, owner, TOPIC, HEAD, line, now)
    told = " and ".join(owner.name for owner in owners[:2])
    return AlertChange(asked.alert, True, f"{actor.name} {did}" + (f" ({told} will hear of it)" if told else ""))


async def _data_owners(session: AsyncSession, library: Library, alert: Alert) -> Sequence[Member]:
    """The data owner of the playbook it recommends; where none is named, the administrators, else the leaders."""
    playbook = library.approved(alert.playbook_key) if alert.playbook_key else None
    named = playbook.owners.data if playbook else None
    return await owners_of(session, named or MemberRole.ADMIN, alert.account_id)


async def _load(session: AsyncSession, alert_id: int, actor: Actor) -> Asked:
    """Raises NotFound, and NotAllowed for who may not answer it."""
    account_id = (await session.exec(select(Alert.account_id).where(Alert.id == alert_id))).one_or_none()
    if account_id is None:
        raise NotFound(GONE)
    account = await lock_account(session, account_id)
    alert = await session.get_one(Alert, alert_id, populate_existing=True)
    team = await load_team(session, account_id)
    require_may_answer_alert(actor, alert, team.roles)
    return Asked(alert, account, team)


async def _said_before(session: AsyncSession, alert: Alert, answer: AlertStatus) -> str | None:
    """What became of the alert when somebody gave this very answer before; None while it is open.

    Raises WrongState when it was closed in another way.
    """
    if alert.status is AlertStatus.OPEN:
        return None
    said = await closing_words(session, alert)
    if alert.status is answer:
        return said
    raise WrongState(f"{said} `/playbook start` starts a playbook all the same.")


async def closing_words(session: AsyncSession, alert: Alert) -> str:
    """What became of a closed alert, in a sentence."""
    who = await session.get(Member, alert.closed_by_id) if alert.closed_by_id else None
    name = who.name if who else "Playcall"
    return {
        AlertStatus.STARTED: f"{name} has started what it recommends already.",
        AlertStatus.NOT_NOW: f"{name} said not now already: {alert.reason}",
        AlertStatus.WRONG_DATA: f"{name} said already that the data are wrong: {alert.reason}",
    }.get(alert.status, "The reason for this alert is gone, so it closed itself.")


async def _close(
    session: AsyncSession, asked: Asked, status: AlertStatus, did: str, actor: Actor, now: datetime
) -> None:
    alert = asked.alert
    await close(session, alert, status, now, by_id=actor.member_id)
    details = {"alert": alert.id, "answer": status.value}
    record(
        session,
        TimelineKind.ALERT_ANSWERED,
        did,
        now,
        account_id=alert.account_id,
        actor=actor,
        run_id=alert.run_id,
        details=details,
    )


def _recommended(alert: Alert) -> str:
    if alert.playbook_key is None:
        raise InvalidInput("This alert recommends no playbook. `/playbook list` shows what there is.")
    return alert.playbook_key


def _require_its_contact(library: Library, key: str, alert: Alert, account: Account) -> None:
    """A playbook about a contact cannot be started from an alert about the whole account: it does not say on whom."""
    playbook = library.current.get(key)
    if playbook and playbook.subject == "contact" and alert.contact_id is None:
        raise InvalidInput(
            f"{playbook.title} runs on one contact: `/playbook start {key} {account.key}` lets you choose."
        )


def _text(reason: str, empty: str) -> str:
    if not reason.strip():
        raise InvalidInput(empty, field="reason")
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(f"That is {len(reason):,} characters; the limit is {REASON_LENGTH:,}.", field="reason")
    return reason.strip()


def _one_line(text: str) -> str:
    return "; ".join(text.split("\n"))
