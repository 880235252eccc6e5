"""Telling people, in their words, of what could not be delivered."""

from datetime import datetime
from typing import Any

from sqlalchemy import case
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.delivery.addresses import channel_name, is_conversation_id
from bot.delivery.claiming import UNPACED
from bot.delivery.retrying import Fail
from bot.engine.outbox import enqueue, member_lane
from bot.models import Account, AccountRole, Delivery, DeliveryKind, Member, MemberRole
from bot.settings import Settings

ABOUT = "failed_delivery_id"  # in the payload of a notice of failure: such a notice never leads to another

WHAT = {
    DeliveryKind.STEPS: "the steps that are due",
    DeliveryKind.CELEBRATION: "a milestone",
    DeliveryKind.ESCALATION: "an escalation",
    DeliveryKind.ESCALATION_UPDATE: "news of an escalation",
    DeliveryKind.NOTICE: "a message",
    DeliveryKind.EMAIL: "an email",
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


def describe_failure(kind: DeliveryKind, receiver: str, account: str | None, failure: Fail) -> str:
    about = f" for {account}" if account else ""
    return f"Playcall could not deliver {WHAT[kind]}{about} to {receiver}: {explain(failure)}"


async def report_failure(
    session: AsyncSession, settings: Settings, delivery: Delivery, channel: str | None, failure: Fail, now: datetime
) -> None:
    """Tell the account's CSM (its leader, when the CSM is the one who cannot be reached) and the ops channel.

    `channel` is where it should have gone, when that was a channel. Redraws that fail are left to the log and `doctor`:
    nobody misses anything by them.
    """
    if delivery.kind in UNPACED or ABOUT in delivery.payload:
        return
    account = await session.get(Account, delivery.account_id) if delivery.account_id else None
    text = describe_failure(
        delivery.kind, await _receiver(session, delivery, channel), account.name if account else None, failure
    )
    payload = {"text": text, ABOUT: delivery.id}
    if (person := await _person_to_tell(session, delivery)) is not None:
        await _notice(session, delivery, now, member_lane(person), payload, person)
    ops = settings.ops_channel
    if ops and channel_name(ops) != channel_name(channel or ""):
        await _notice(session, delivery, now, f"#{channel_name(ops)}", payload | {"channel": ops}, None)


async def _receiver(session: AsyncSession, delivery: Delivery, channel: str | None) -> str:
    member = await session.get(Member, delivery.member_id) if delivery.member_id else None
    if member:
        return member.name
    if channel and not is_conversation_id(channel):
        return f"#{channel_name(channel)}"
    return "its channel"


async def _person_to_tell(session: AsyncSession, delivery: Delivery) -> int | None:
    query = (
        select(AccountRole.member_id)
        .where(
            AccountRole.account_id == delivery.account_id,
            col(AccountRole.role).in_([MemberRole.CSM, MemberRole.LEADER]),
            col(AccountRole.member_id).is_distinct_from(delivery.member_id),
        )
        .order_by(case((col(AccountRole.role) == MemberRole.CSM, 0), else_=1))
    )
    return (await session.exec(query)).first()


async def _notice(
    session: AsyncSession, failed: Delivery, now: datetime, lane: str, payload: dict[str, Any], member_id: int | None
) -> None:
    await enqueue(
        session,
        DeliveryKind.NOTICE,
        now,
        lane=lane,
        member_id=member_id,
        account_id=failed.account_id,
        payload=payload,
    )
