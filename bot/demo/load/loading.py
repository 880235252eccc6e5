"""Filling a database with a book for load tests: a table after the other, some thousand rows at a time."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Database
from bot.demo.load.customers import customer_sheets, member_sheet
from bot.demo.load.scale import Scale
from bot.demo.load.sheets import Filler, filling
from bot.demo.load.signals import signal_sheet
from bot.demo.load.work import Stored, Work
from bot.engine.governance.syncing import sync_versions
from bot.errors import ConfigurationError
from bot.imports.importing import StartPhase
from bot.library.library import Library
from bot.models import PlaybookVersion, VersionStatus

ACCOUNTS_AT_ONCE, SIGNALS_AT_ONCE = 1_000, 50_000


async def load(database: Database, library: Library, scale: Scale, phase: StartPhase) -> None:
    """Make the book in place of whatever the database holds. Each part is committed by itself."""
    async with filling(database) as filler:
        await filler.empty()
    playbooks = await _store_playbooks(database, library, scale.now)
    async with filling(database) as filler:
        await filler.fill(member_sheet(scale))
        await _fill_accounts(filler, scale, playbooks, phase)
        await _fill_signals(filler, scale, phase)
        await filler.finish()


async def _store_playbooks(database: Database, library: Library, now: datetime) -> list[Stored]:
    """The playbooks that run on accounts, whose versions are approved as in a new installation."""
    async with database.long_transaction() as session:
        await sync_versions(session, library, now)
        query = select(PlaybookVersion.key, PlaybookVersion.id).where(
            PlaybookVersion.status == VersionStatus.APPROVED, col(PlaybookVersion.key).in_(library.catalog.playbooks)
        )
        versions = dict((await session.exec(query)).all())
    stored = [
        Stored(versions[key], playbook)
        for key, playbook in sorted(library.catalog.playbooks.items())
        if key in versions and playbook.subject == "account"
    ]
    if not stored:
        raise ConfigurationError("There is no playbook that runs on accounts. Is PLAYBOOKS_DIR right?")
    return stored


async def _fill_accounts(filler: Filler, scale: Scale, playbooks: list[Stored], phase: StartPhase) -> None:
    work, advance = Work(scale, playbooks), phase("Accounts", scale.accounts)
    for first in range(1, scale.accounts + 1, ACCOUNTS_AT_ONCE):
        accounts = range(first, min(first + ACCOUNTS_AT_ONCE, scale.accounts + 1))
        for sheet in (*customer_sheets(scale, accounts), *work.sheets(accounts)):
            await filler.fill(sheet)
        advance(len(accounts))


async def _fill_signals(filler: Filler, scale: Scale, phase: StartPhase) -> None:
    advance = phase("Signals", scale.signals)
    for first in range(0, scale.signals, SIGNALS_AT_ONCE):
        last = min(first + SIGNALS_AT_ONCE, scale.signals) - 1
        await filler.fill(signal_sheet(scale, first, last))
        advance(last - first + 1)
