"""Telling people, in their words, of what could not be delivered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.addresses import channel_name, is_conversation_id
from bot.delivery.claiming import UNPACED
from bot.delivery.retrying import Fail
from bot.engine.outbox import enqueue, member_lane
from bot.models import Account, AccountRole, Delivery, DeliveryKind, Member, MemberRole, Touchpoint
from bot.settings import Settings

MOST_NAMED = 5  # accounts named in one sentence
ABOUT = "failed_delivery_id"  # in the payload of a notice of failure: such a notice never leads to another

WHAT = {
    DeliveryKind.STEPS: "the steps that are due",
    DeliveryKind.CELEBRATION: "a milestone",
    DeliveryKind.ESCALATION: "an escalation",
    DeliveryKind.ESCALATION_UPDATE: "news of an escalation",
    DeliveryKind.NOTICE: "a message",
    DeliveryKind.BLOCKED: "a request for help with a blocked step",
    DeliveryKind.EMAIL: "an email",
    DeliveryKind.STAGE_WAITS: "news of a stage that has to wait",
    DeliveryKind.VERSION_DRAFT: "a changed playbook that waits for approval",
    DeliveryKind.VERSION_NEWS: "news of a changed playbook",
    DeliveryKind.EXEMPTION_REQUEST: "a question about an exemption",
    DeliveryKind.EXEMPTION_OVER: "news of an exemption",
    DeliveryKind.ALERT: "an alert",
    DeliveryKind.RULE_HELD: "a question about a rule",
    DeliveryKind.QUARANTINE: "signals of an account nobody knows",
    DeliveryKind.DATA_GAPS: "the weekly check of the data",
}

NO_CHANNEL = "there is no such channel, or it is private and Playcall is not in it. Invite Playcall there (/invite)."
UNKNOWN = "Slack does not know them. Their address in Playcall may be out of date: correct it, or reassign their steps."
DEACTIVATED = "their Slack account is deactivated. Please reassign their open steps."
WHY = {
    "channel_not_found": NO_CHANNEL,
    "not_in_channel": "Playcall is not in that channel. Invite it there with /invite.",
    "is_archived": "that channel is archived. Unarchive it, or have another one chosen in Playcall's settings.",
    "user_not_found": UNKNOWN,
    "users_not_found": UNKNOWN,
    "account_inactive": DEACTIVATED,
    "user_disabled": DEACTIVATED,
    "restricted_action": "only some people may post in that channel. Ask a Slack administrator to allow Playcall.",
    "messages_tab_disabled": "Playcall may not send direct messages yet. Ask the person who runs it to switch on its "
    "Messages tab.",
}
OTHERWISE = "Slack did not take it ({}). The person who runs Playcall sees more with `playcall doctor`."


def explain(failure: Fail) -> str:
    """Why, and what to do about it: the second half of a sentence that has begun."""
    if failure.spoken:
        return failure.reason
    return WHY.get(failure.reason) or OTHERWISE.format(failure.reason)


def describe_failure(kind: DeliveryKind, receiver: str, accounts: Sequence[str], failure: Fail) -> str:
    about = f" for {_listed(accounts)}" if accounts else ""
    return f"Playcall could not deliver {WHAT[kind]}{about} to {receiver}: {explain(failure)}"


def _listed(names: Sequence[str]) -> str:
    """ "Acme, Globex and 4 more"."""
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


async def report_failure(
    session: AsyncSession, settings: Settings, delivery: Delivery, channel: str | None, failure: Fail, now: datetime
) -> None:
    """Tell the CSM of each account it was about (the leader, when the CSM is the one who cannot be reached), each
    person once, and the ops channel.

    `channel` is where it should have gone, when that was a channel. Redraws that fail are left to the log and `doctor`:
    nobody misses anything by them.
    """
    if delivery.kind in UNPACED or ABOUT in delivery.payload:
        return
    receiver = await _receiver(session, delivery, channel)
    accounts = await _accounts_of(session, delivery)

    async def tell(about: Sequence[Account], lane: str, address: dict[str, Any], member_id: int | None) -> None:
        text = describe_failure(delivery.kind, receiver, [account.name for account in about], failure)
        await enqueue(
            session,
            DeliveryKind.NOTICE,
            now,
            lane=lane,
            member_id=member_id,
            account_id=about[0].id if len(about) == 1 else None,
            payload={"text": text, ABOUT: delivery.id} | address,
        )

    if "email_id" not in delivery.payload:  # of a mail, whoever sent it was told with what became of it
        for person, theirs in (await _people_to_tell(session, accounts, delivery.member_id)).items():
            await tell(theirs, member_lane(person), {}, person)
    ops = settings.ops_channel
    if ops and channel_name(ops) != channel_name(channel or ""):
        await tell(accounts, f"#{channel_name(ops)}", {"channel": ops}, None)


async def _receiver(session: AsyncSession, delivery: Delivery, channel: str | None) -> str:
    member = await session.get(Member, delivery.member_id) if delivery.member_id else None
    if member:
        return member.name
    if channel and not is_conversation_id(channel):
        return f"#{channel_name(channel)}"
    if delivery.kind is DeliveryKind.EMAIL:
        return "a contact"
    return "its channel"


async def _accounts_of(session: AsyncSession, delivery: Delivery) -> Sequence[Account]:
    """The account a delivery belongs to; those of its touchpoints for one that gathers steps of several."""
    gathered = select(Touchpoint.account_id).where(Touchpoint.delivery_id == delivery.id)
    concerned = or_(col(Account.id) == delivery.account_id, col(Account.id).in_(gathered))
    return (await session.exec(select(Account).where(concerned).order_by(col(Account.name), col(Account.id)))).all()


async def _people_to_tell(
    session: AsyncSession, accounts: Sequence[Account], unreachable: int | None
) -> dict[int, list[Account]]:
    """Who is told, of which accounts: of each its CSM, else its leader, else any leader."""
    query = (
        select(AccountRole.account_id, AccountRole.member_id)
        .join(Member, col(Member.id) == AccountRole.member_id)
        .where(
            col(AccountRole.account_id).in_([account.id for account in accounts]),
            col(AccountRole.role).in_([MemberRole.CSM, MemberRole.LEADER]),
            _within_reach(unreachable),
        )
        .order_by(case((col(AccountRole.role) == MemberRole.CSM, 1), else_=0))
    )
    responsible = dict((await session.exec(query)).all())  # a CSM comes after the leader, and takes their place
    fallback = None if len(responsible) == len(accounts) else await _any_leader(session, unreachable)
    people: dict[int, list[Account]] = {}
    for account in accounts:
        person = responsible.get(account.id, fallback)
        if person is not None:
            people.setdefault(person, []).append(account)
    return people


async def _any_leader(session: AsyncSession, unreachable: int | None) -> int | None:
    query = select(Member.id).where(Member.role == MemberRole.LEADER, _within_reach(unreachable))
    return (await session.exec(query.order_by(col(Member.id)))).first()


def _within_reach(unreachable: int | None) -> ColumnElement[bool]:
    return and_(col(Member.active), col(Member.id).is_distinct_from(unreachable))
