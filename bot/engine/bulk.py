"""Starting one playbook on many accounts: how many there are, and a few at a time until all have been seen."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import exists, select
from sqlmodel import col
from sqlmodel import select as entity_select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.outbox import notify
from bot.engine.runs import start_run
from bot.errors import AlreadyRunning, InvalidInput, NotAllowed, NotFound, PlaycallError
from bot.library.account_conditions import AccountCondition
from bot.library.conditions import ConditionError, holds
from bot.library.facts import ACCOUNT_COLUMNS, account_facts
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.models import OPEN_RUNS, Account, BulkStart, Member, Run, Stage

PAGE = 500
COLUMNS = ("id", *ACCOUNT_COLUMNS, "attributes")


@dataclass(frozen=True, slots=True)
class Matching:
    """How many accounts a condition names, and on how many of them the playbook is under way already."""

    accounts: int
    running: int
    keys: tuple[str, ...] = ()  # the first few, by their keys


def require_may_start_many(actor: Actor, playbook: Playbook) -> None:
    if not actor.leads:
        raise NotAllowed(
            "Only leaders start a playbook on many accounts at once. `/playbook start KEY ACCOUNT` is yours."
        )
    require_about_accounts(playbook)


def require_about_accounts(playbook: Playbook) -> None:
    if playbook.subject == "contact":
        raise InvalidInput(f"{playbook.title} runs on one contact, so it cannot be started on many accounts at once.")


def check_condition(written: str) -> str:
    """A condition over `account` that somebody typed. Raises InvalidInput with what is wrong with it."""
    try:
        return TypeAdapter[str](AccountCondition).validate_python(written)
    except ValidationError as error:
        raise InvalidInput(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")) from None


def segment_condition(segment: str) -> str:
    return f'account.segment == "{segment}"'


async def count_matching(
    reader: Reader, playbook: Playbook, condition: str | None, now: datetime, *, names: int = 10
) -> Matching:
    """Look at the whole book, a page at a time. Raises InvalidInput for a condition that compares what it cannot."""
    accounts = running = last = 0
    keys: list[str] = []
    while page := await _page(reader, playbook, condition, last, now):
        rows, last = page
        accounts += len(rows)
        running += sum(under_way for _, _, under_way in rows)
        keys += [key for _, key, under_way in rows if not under_way][: names - len(keys)]
    return Matching(accounts, running, tuple(keys))


async def _page(
    reader: Reader, playbook: Playbook, condition: str | None, after: int, now: datetime, size: int = PAGE
) -> tuple[list[tuple[int, str, bool]], int] | None:
    """The next accounts that the condition names (id, key, under way), and the last one looked at; None at the end."""
    under_way = exists().where(
        col(Run.account_id) == Account.id,
        col(Run.playbook_key) == playbook.key,
        col(Run.status).in_(OPEN_RUNS),
    )
    query = (
        select(*(col(getattr(Account, name)) for name in COLUMNS), under_way.label("under_way"))
        .where(col(Account.id) > after, col(Account.archived).is_(False), col(Account.stage) != Stage.CHURNED.value)
        .order_by(col(Account.id))
        .limit(size)
    )
    rows = (await reader.execute(query)).all()
    if not rows:
        return None
    today = local_date(now, "UTC")
    try:
        named = [
            (row.id, row.key, bool(row.under_way))
            for row in rows
            if holds(condition, {"account": account_facts(row, today)})  # type: ignore[arg-type]  # its columns
        ]
    except ConditionError as error:
        raise InvalidInput(f"{error.message}. `/playbook help` shows how to name accounts.") from error
    return named, rows[-1].id


async def ask_for_many(
    session: AsyncSession, playbook: Playbook, condition: str, actor: Actor | None, now: datetime
) -> BulkStart:
    """Put it down for the worker, which tells the one who asked when it is done. No actor: the command line."""
    require_about_accounts(playbook)
    if actor:
        require_may_start_many(actor, playbook)
    asked_by = actor.member_id if actor else None
    bulk = BulkStart(playbook_key=playbook.key, condition=condition, asked_by_id=asked_by, created_at=now)
    session.add(bulk)
    await session.flush()
    return bulk


async def start_some(session: AsyncSession, library: Library, bulk: BulkStart, now: datetime, size: int) -> bool:
    """Look at the next accounts, start on those named, and note how far it is. Returns whether there are more.

    What was done and how far it is are one transaction, so a crash repeats nothing and leaves nothing out.
    """
    try:
        playbook = library.playbook(bulk.playbook_key)
    except NotFound as error:  # the file went, or got a mistake, after it was asked for
        return await _end(session, bulk, error.message, now)
    page = await _page(await session.connection(), playbook, bulk.condition or None, bulk.last_account_id, now, size)
    if page is None:
        return await _end(session, bulk, result_words(playbook, bulk), now)
    named, bulk.last_account_id = page
    asked_by = await session.get_one(Member, bulk.asked_by_id) if bulk.asked_by_id else None
    actor = Actor.of(asked_by) if asked_by else None
    for account_id, _, _ in named:
        match await _start(session, library, playbook, account_id, actor, now):
            case None:
                bulk.started += 1
            case AlreadyRunning():
                bulk.running += 1
            case _:
                bulk.refused += 1
    session.add(bulk)
    await session.flush()
    return True


async def _end(session: AsyncSession, bulk: BulkStart, words: str, now: datetime) -> bool:
    bulk.finished_at = now
    session.add(bulk)
    if bulk.asked_by_id:
        await notify(session, bulk.asked_by_id, words, now)
    return False


async def _start(
    session: AsyncSession, library: Library, playbook: Playbook, account_id: int, actor: Actor | None, now: datetime
) -> PlaycallError | None:
    """None when it started, else why it did not. Nothing of it is left behind then."""
    try:
        async with session.begin_nested():
            await start_run(session, library, account_id, playbook.key, now, actor=actor)
    except PlaycallError as error:
        return error
    return None


def result_words(playbook: Playbook, bulk: BulkStart) -> str:
    parts = [f"{playbook.title} started on {_accounts(bulk.started)}."]
    if bulk.running:
        parts.append(f"It was under way on {bulk.running} already.")
    if bulk.refused:
        parts.append(f"On {bulk.refused} it could not start: they have no CSM. `/account list all` shows them.")
    return " ".join(parts)


def _accounts(number: int) -> str:
    return "1 account" if number == 1 else f"{number:,} accounts"


async def unfinished_bulk(session: AsyncSession) -> BulkStart | None:
    """The oldest that is not done."""
    query = entity_select(BulkStart).where(col(BulkStart.finished_at).is_(None)).order_by(col(BulkStart.id)).limit(1)
    return (await session.exec(query)).first()
