"""An account with its role map: what every page about it begins with, in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, bindparam, false, func, or_, select, true
from sqlmodel import col

from bot.db import Reader
from bot.errors import NotFound
from bot.library.domains import bare_domain
from bot.models import Account, AccountRole, Escalation, EscalationStatus, Member, MemberRole, Sentiment, Touch
from bot.models.columns import constant
from bot.prepared import Prepared

Statement = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as an account's pages name them."""

    member_id: int
    name: str
    slack_user_id: str | None


@dataclass(frozen=True, slots=True)
class AccountHead:
    """An account with its role map: what every page about it begins with."""

    id: int
    key: str
    name: str
    domain: str | None
    segment: str
    touch: Touch
    stage: str
    journey: str | None
    arr: int | None
    currency: str
    contract_start: date | None
    trial_end: date | None
    go_live_date: date | None
    renewal_date: date | None
    sentiment: Sentiment | None
    sentiment_at: datetime | None
    last_contact_at: datetime | None
    team: Mapping[MemberRole, Person] = field(default_factory=dict)
    code_red_since: datetime | None = None

    @property
    def roles(self) -> dict[MemberRole, int]:
        return {role: person.member_id for role, person in self.team.items()}


async def load_head(reader: Reader, account_id: int) -> AccountHead:
    """Raises NotFound when the account is gone or archived."""
    rows = await _BY_ID.rows(reader, {"account_id": account_id})
    if not rows:
        raise NotFound("That account is not there any more. `/account list` shows yours.")
    return _heads(rows)[0]


async def load_heads(reader: Reader, spellings: Sequence[str]) -> list[AccountHead]:
    """The accounts that have one of the spellings as key, name or domain."""
    if len(spellings) == 1:
        one = {"key": spellings[0].lower(), "name": spellings[0], "domain": bare_domain(spellings[0])}
        return _heads(await _BY_SPELLING.rows(reader, one))
    several = {
        "keys": [spelling.lower() for spelling in spellings],
        "names": list(spellings),
        "domains": [bare_domain(spelling) for spelling in spellings],
    }
    return _heads((await reader.execute(_heads_by_spellings(), several)).all())


_NAMES = tuple(field.name for field in fields(AccountHead) if field.name not in {"team", "code_red_since"})


def _head() -> Statement:
    return (
        select(
            *(col(getattr(Account, name)) for name in _NAMES),
            col(AccountRole.role),
            col(Member.id).label("member_id"),
            col(Member.name).label("member_name"),
            col(Member.slack_user_id),
            _code_red_since().label("code_red_since"),
        )
        .join(AccountRole, col(AccountRole.account_id) == Account.id, isouter=True)
        .join(Member, col(Member.id) == AccountRole.member_id, isouter=True)
        .where(col(Account.archived).is_(false()))
    )


def _code_red_since() -> ScalarSelect[Any]:
    unresolved = col(Escalation.status) != constant(EscalationStatus.RESOLVED)
    red = and_(col(Escalation.account_id) == Account.id, col(Escalation.code_red).is_(true()), unresolved)
    return select(func.min(col(Escalation.created_at))).where(red).correlate(Account).scalar_subquery()


def _head_by_id() -> Statement:
    return _head().where(col(Account.id) == bindparam("account_id"))


def _head_by_spelling() -> Statement:
    """For one spelling, the usual case: a list of values would have to be worked into the statement each time."""
    named = [col(getattr(Account, name)) == bindparam(name) for name in ("key", "name", "domain")]
    return _head().where(or_(*named))


def _heads_by_spellings() -> Statement:
    named = (
        col(Account.key).in_(bindparam("keys", expanding=True)),
        col(Account.name).in_(bindparam("names", expanding=True)),
        col(Account.domain).in_(bindparam("domains", expanding=True)),
    )
    return _head().where(or_(*named))


_BY_ID = Prepared(_head_by_id)
_BY_SPELLING = Prepared(_head_by_spelling)


def _heads(rows: Iterable[Any]) -> list[AccountHead]:
    """One head for each account; the rows of an account differ in the role only."""
    teams: dict[int, dict[MemberRole, Person]] = {}
    firsts: dict[int, Any] = {}
    for row in rows:
        firsts.setdefault(row.id, row)
        team = teams.setdefault(row.id, {})
        if row.role is not None:
            team[MemberRole(row.role)] = Person(row.member_id, row.member_name, row.slack_user_id)
    values: Iterable[list[Any]] = (
        [*row[: len(_NAMES)], teams[account_id], row.code_red_since] for account_id, row in firsts.items()
    )
    return [AccountHead(*known) for known in values]
