"""PUT and GET of accounts, their contacts and their milestones under /api/v1/accounts."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.api.access import Gate, actor_for
from bot.api.problems import problems
from bot.engine.records import (
    AccountRecord,
    Put,
    put_account,
    put_contact,
    put_milestone,
    read_account,
    read_contact,
    read_milestone,
)
from bot.engine.tokens import Holder, Scope
from bot.models import Account, Contact, MemberRole, Milestone, MilestoneKind, MilestoneStatus
from bot.services import Services

Loose = str | int | float | bool
Key = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80, description="The account's key: `acme`.")]
Email = Annotated[str, Path(pattern=r"^[^\s\x00]+$", max_length=320, description="The contact's email.")]
MilestoneKey = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80, description="The milestone's key: `go-live`.")
]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _sayable(cls, value: Any) -> Any:
        """PostgreSQL keeps no text with a NUL character."""
        if _holds_nul(value):
            raise ValueError("a text cannot hold a NUL character")
        return value


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\0" in value


class AccountBody(Body):
    """Fields of an account. What is left out stays as it is; null empties a field that may be empty."""

    name: str | None = Field(None, description="Needed for a new account.")
    domain: str | None = None
    segment: str | None = Field(None, description="One of segments.yaml.")
    touch: str | None = None
    stage: str | None = Field(None, description="One of stages.yaml. The gate of the present stage holds here too.")
    maturity: int | None = None
    journey: str | None = None
    entry_reason: str | None = None
    industry: str | None = None
    country: str | None = Field(None, description="ISO 3166-1, two letters.")
    outcome: str | None = None
    arr: int | None = Field(None, description="Whole units of `currency`.")
    currency: str | None = None
    contract_start: date | None = None
    trial_end: date | None = None
    go_live_date: date | None = None
    renewal_date: date | None = None
    team: dict[MemberRole, str | None] = Field(
        default_factory=dict, description="Who looks after the account: member emails by role; null empties a role."
    )
    external_ids: dict[str, str | None] = Field(
        default_factory=dict, description="What other systems call the account, by system; null takes one out."
    )
    attributes: dict[str, Loose | None] = Field(
        default_factory=dict, description="Whatever else conditions of playbooks ask about; null takes one out."
    )


LOOSE = frozenset({"team", "external_ids", "attributes"})


class Happened(BaseModel):
    """What a PUT changed."""

    created: bool
    changed: list[str] = Field(description="The fields that are different now.")
    sentences: list[str] = Field(description="What followed, such as steps that moved.")


class AccountAnswer(BaseModel):
    key: str
    name: str
    domain: str | None
    segment: str
    touch: str
    stage: str
    maturity: int | None
    journey: str | None
    entry_reason: str
    industry: str | None
    country: str | None
    outcome: str | None
    arr: int | None
    currency: str
    contract_start: date | None
    trial_end: date | None
    go_live_date: date | None
    renewal_date: date | None
    sentiment: str | None
    team: dict[MemberRole, str]
    external_ids: dict[str, str]
    attributes: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class ContactBody(Body):
    """Fields of a contact. What is left out stays as it is."""

    name: str | None = Field(None, description="Needed for a new contact.")
    title: str | None = None
    roles: list[str] | None = Field(None, description="All the roles the contact has from now on.")
    nps: int | None = Field(None, description="An answer given just now, from 0 to 10.")
    may_email: bool | None = None
    advocate: str | None = None
    external_ids: dict[str, str | None] = Field(default_factory=dict)


class ContactAnswer(BaseModel):
    account: str
    email: str
    name: str
    title: str | None
    roles: list[str]
    nps: int | None
    nps_at: datetime | None
    may_email: bool
    advocate: str | None
    external_ids: dict[str, str]


class MilestoneBody(Body):
    status: MilestoneStatus
    target_date: date | None = Field(None, description="Needed for a planned milestone.")
    title: str | None = Field(None, max_length=200)
    kind: MilestoneKind = MilestoneKind.CELEBRATION
    evidence: str | None = Field(None, max_length=3000, description="How one can tell that it was reached or missed.")


class MilestoneAnswer(BaseModel):
    account: str
    key: str
    title: str
    kind: str
    status: MilestoneStatus
    target_date: date | None
    reached_at: datetime | None
    evidence: str | None


READING = problems(401, 403, 404, 422, 429, 503)
PUTTING = problems(400, 401, 403, 404, 409, 413, 422, 429, 503)


def accounts_router(services: Services, gate: Gate) -> APIRouter:
    router = APIRouter(prefix="/accounts/{key}", tags=["accounts"])
    Writer = Annotated[Holder, Depends(gate.needs(Scope.ACCOUNTS_WRITE))]  # noqa: N806  # a type
    Reader = Annotated[Holder, Depends(gate.needs(Scope.ACCOUNTS_READ))]  # noqa: N806  # a type
    database, library, clock = services.database, services.library, services.clock

    @router.put("", response_model=Happened, responses={201: {"model": Happened}, **PUTTING})
    async def put_an_account(key: Key, body: AccountBody, response: Response, holder: Writer) -> Happened:
        """Add an account, or change what is given of it; the same as `/account add` and `/account edit`."""
        values = body.model_dump(exclude_unset=True, exclude=set(LOOSE))
        async with database.transaction() as session:
            put = await put_account(
                session,
                library,
                key,
                values,
                actor_for(holder),
                clock.now(),
                team=body.team,
                external_ids=body.external_ids,
                attributes=body.attributes,
            )
        return _happened(put, response)

    @router.get("", response_model=AccountAnswer, responses=READING)
    async def get_an_account(key: Key, _: Reader) -> AccountAnswer:
        """An account, with who looks after it."""
        async with database.transaction() as session:
            return _account(await read_account(session, key))

    @router.put("/contacts/{email}", response_model=Happened, responses={201: {"model": Happened}, **PUTTING})
    async def put_a_contact(key: Key, email: Email, body: ContactBody, response: Response, holder: Writer) -> Happened:
        """Add a contact, or change what is given; the same as `/account contact`."""
        values = body.model_dump(exclude_unset=True, exclude_none=True, exclude={"external_ids"})
        ids = body.external_ids
        async with database.transaction() as session:
            put = await put_contact(
                session, library, key, email, values, actor_for(holder), clock.now(), external_ids=ids
            )
        return _happened(put, response)

    @router.get("/contacts/{email}", response_model=ContactAnswer, responses=READING)
    async def get_a_contact(key: Key, email: Email, _: Reader) -> ContactAnswer:
        """A contact of an account."""
        async with database.transaction() as session:
            return _contact(key, await read_contact(session, key, email))

    @router.put("/milestones/{milestone}", response_model=Happened, responses={201: {"model": Happened}, **PUTTING})
    async def put_a_milestone(
        key: Key, milestone: MilestoneKey, body: MilestoneBody, response: Response, holder: Writer
    ) -> Happened:
        """Plan a milestone, reach it or miss it; the same as `/account milestone`."""
        async with database.transaction() as session:
            put = await put_milestone(
                session,
                library,
                key,
                milestone,
                body.status,
                actor_for(holder),
                clock.now(),
                target=body.target_date,
                title=body.title,
                kind=body.kind,
                evidence=body.evidence,
            )
        return _happened(put, response)

    @router.get("/milestones/{milestone}", response_model=MilestoneAnswer, responses=READING)
    async def get_a_milestone(key: Key, milestone: MilestoneKey, _: Reader) -> MilestoneAnswer:
        """A milestone of an account."""
        async with database.transaction() as session:
            return _milestone(key, await read_milestone(session, library, key, milestone))

    def _happened(put: Put, response: Response) -> Happened:
        services.wake()
        if put.created:
            response.status_code = 201
        return Happened(created=put.created, changed=put.changed, sentences=put.sentences)

    return router


def _account(record: AccountRecord) -> AccountAnswer:
    account: Account = record.account
    return AccountAnswer(**account.model_dump(include=set(AccountAnswer.model_fields)), team=dict(record.team))


def _contact(key: str, contact: Contact) -> ContactAnswer:
    return ContactAnswer(**contact.model_dump(include=set(ContactAnswer.model_fields)), account=key)


def _milestone(key: str, milestone: Milestone) -> MilestoneAnswer:
    return MilestoneAnswer(**milestone.model_dump(include=set(MilestoneAnswer.model_fields)), account=key)
