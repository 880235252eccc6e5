"""What the modals about an objective start with, and who can own one."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.errors import NotFound
from bot.models import Account, AccountRole, Contact, Member, Objective
from bot.slack.account_form import Choice
from bot.slack.objective_modals import ObjectiveForm

MEMBER, CONTACT = "member", "contact"


async def load_new_objective_form(session: AsyncSession, account_id: int) -> ObjectiveForm:
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFound("That account is not there any more. `/account list` shows yours.")
    return ObjectiveForm(account=account.name, owners=await _owners(session, account_id))


async def load_objective_form(session: AsyncSession, objective_id: int) -> tuple[ObjectiveForm, int]:
    """The objective as it is, and its revision."""
    objective = await session.get(Objective, objective_id)
    if objective is None:
        raise NotFound("That objective is not there any more. `/account plan` shows what is current.")
    account = await session.get_one(Account, objective.account_id)
    form = ObjectiveForm(
        account=account.name,
        owners=await _owners(session, account.id, objective.owner_id),
        title=objective.title,
        measure=objective.measure,
        baseline=objective.baseline,
        target=objective.target,
        current=objective.current,
        due_on=objective.due_on,
        owner=_value(objective.owner_id, objective.owner_contact_id),
        status=objective.status,
        evidence=objective.evidence,
    )
    return form, objective.revision


def parse_owner(chosen: str | None) -> tuple[int | None, int | None]:
    """The member's id and the contact's id behind a chosen owner; at most one of them is there."""
    kind, _, number = (chosen or "").partition(":")
    return (int(number) if kind == MEMBER else None), (int(number) if kind == CONTACT else None)


def _value(member_id: int | None, contact_id: int | None) -> str | None:
    if contact_id is not None:
        return f"{CONTACT}:{contact_id}"
    return None if member_id is None else f"{MEMBER}:{member_id}"


async def _owners(session: AsyncSession, account_id: int, present: int | None = None) -> tuple[Choice, ...]:
    """The account's team, its contacts, and whoever owns the objective now, though they may have left."""
    on_team = select(AccountRole.member_id).where(AccountRole.account_id == account_id)
    team = select(Member.id, Member.name, Member.active).where(
        (col(Member.id).in_(on_team) & col(Member.active)) | (col(Member.id) == present)
    )
    contacts = select(Contact.id, Contact.name).where(Contact.account_id == account_id).order_by(col(Contact.name))
    ours = [
        Choice(f"{MEMBER}:{member_id}", name if active else f"{name} (has left)")
        for member_id, name, active in (await session.exec(team.order_by(col(Member.name)))).all()
    ]
    theirs = [Choice(f"{CONTACT}:{contact_id}", name) for contact_id, name in (await session.exec(contacts)).all()]
    return (*ours, *theirs)
