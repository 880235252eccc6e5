"""Whose a signal is: the account and the contact that a sender means, for many signals with few statements."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, String, any_, bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.library.domains import bare_domain
from bot.models import Account, Contact, QuarantinedSignal, QuarantineStatus

Reference = tuple[str, str]  # a source, and how it calls an account
MANY = 500  # values in one statement


async def find_accounts(session: AsyncSession, references: Collection[Reference]) -> dict[Reference, int]:
    """The accounts meant, by id; what nobody knows, or two accounts could be, is left out.

    In this order: the key; the domain; the id the account has at the source (`external_ids`, written `system:id` for
    that of another system); what somebody in Slack has said of the reference before.
    """
    found = await _by_key_or_domain(session, references)
    if missing := [reference for reference in references if reference not in found]:
        found |= await _by_external_id(session, missing)
    if missing := [reference for reference in references if reference not in found]:
        found |= await _by_decision(session, missing)
    return found


async def _by_key_or_domain(session: AsyncSession, references: Collection[Reference]) -> dict[Reference, int]:
    spelled = {reference: reference[1].strip().casefold() for reference in references}
    keys = await _ids(session, col(Account.key), spelled.values())
    domains = {reference: bare_domain(text) for reference, text in spelled.items() if text not in keys and "." in text}
    by_domain = await _ids(session, col(Account.domain), domains.values()) if domains else {}
    found = {reference: keys[text] for reference, text in spelled.items() if text in keys}
    return found | {reference: by_domain[domain] for reference, domain in domains.items() if domain in by_domain}


async def _by_external_id(session: AsyncSession, references: Iterable[Reference]) -> dict[Reference, int]:
    wanted: dict[str, dict[str, Reference]] = defaultdict(dict)  # by system, and the id there
    for source, text in references:
        wanted[source][text] = (source, text)
        system, colon, inner = text.partition(":")
        if colon:
            wanted[system][inner] = (source, text)
    found: dict[Reference, int] = {}
    for system, ids in wanted.items():
        by_id = await _ids(session, col(Account.external_ids)[system].as_string(), ids)
        found |= {reference: by_id[id_] for id_, reference in ids.items() if id_ in by_id}
    return found


async def _by_decision(session: AsyncSession, references: Iterable[Reference]) -> dict[Reference, int]:
    """What was assigned last is what counts."""
    wanted = set(references)
    found: dict[Reference, int] = {}
    row = QuarantinedSignal
    for texts in _parts({text for _, text in wanted}):
        query = (
            select(col(row.source), col(row.account_ref), col(row.account_id))
            .where(col(row.status) == QuarantineStatus.ASSIGNED, col(row.account_ref).in_(texts))
            .group_by(col(row.source), col(row.account_ref), col(row.account_id))
            .order_by(func.max(row.decided_at))
        )
        for source, text, account_id in await _all(session, query):
            if (source, text) in wanted and account_id is not None:
                found[source, text] = account_id
    return found


async def _ids(session: AsyncSession, column: Any, values: Iterable[str]) -> dict[str, int]:
    """The id of the one account whose column has each value; a value that two have is left out."""
    found: dict[str, set[int]] = defaultdict(set)
    query = select(column, col(Account.id)).where(_is_one_of(session, column, values))
    for value, account_id in await _all(session, query):
        found[value].add(account_id)
    return {value: next(iter(ids)) for value, ids in found.items() if len(ids) == 1}


def _is_one_of(session: AsyncSession, column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """However many values there are, they are one parameter: the statement stays the same and is made once."""
    wanted = list(set(values))
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(wanted)).table_valued("value").c.value))  # type: ignore[no-any-return]  # Any
    return column == any_(bindparam("wanted", wanted, ARRAY(String), unique=True))  # type: ignore[no-any-return]  # Any


async def find_contacts(
    session: AsyncSession, wanted: Collection[tuple[int, str, str]]
) -> Mapping[tuple[int, str, str], int]:
    """The contacts meant by an account, a source and an email or the id the contact has there; the unknown left out."""
    if not wanted:
        return {}
    by_email: dict[tuple[int, str], int] = {}
    by_id: dict[tuple[int, str, str], int] = {}
    for accounts in _parts({account_id for account_id, _, _ in wanted}):
        texts = [text.strip().lower() for account_id, _, text in wanted if account_id in set(accounts)]
        query = select(col(Contact.id), col(Contact.account_id), func.lower(Contact.email)).where(
            col(Contact.account_id).in_(accounts), func.lower(Contact.email).in_(texts)
        )
        by_email |= {(row[1], row[2]): row[0] for row in await _all(session, query)}
        missing = [w for w in wanted if w[0] in set(accounts) and (w[0], w[2].strip().lower()) not in by_email]
        if missing:
            others = select(col(Contact.id), col(Contact.account_id), col(Contact.external_ids)).where(
                col(Contact.account_id).in_({account_id for account_id, _, _ in missing})
            )
            for contact_id, account_id, external_ids in await _all(session, others):
                by_id |= {(account_id, system, id_): contact_id for system, id_ in external_ids.items()}
    found = {w: by_email.get((w[0], w[2].strip().lower())) or by_id.get(w) for w in wanted}
    return {w: contact_id for w, contact_id in found.items() if contact_id is not None}


async def _all(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> list[Any]:
    return list((await (await session.connection()).execute(query)).all())


def _parts(values: Collection[Any]) -> Iterable[list[Any]]:
    listed = list(values)
    return (listed[at : at + MANY] for at in range(0, len(listed), MANY))
