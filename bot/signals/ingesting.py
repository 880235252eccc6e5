"""Taking in signals: whose they are, whether they are new, and what follows from them.

A signal counts when it was observed, however late it comes in. What nobody knows the account of goes into quarantine;
nothing that was understood is lost.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from bot.engine.evaluations import ask_for_evaluation
from bot.engine.journal import record
from bot.engine.latest_signals import take_arr, take_score, take_sentiment
from bot.engine.state import lock_account
from bot.library.library import Library
from bot.library.metrics import Metric
from bot.models import Account, Contact, Signal, SignalKind, TimelineKind
from bot.signals.keeping import NewSignal, keep_new
from bot.signals.quarantine import known_in_quarantine, put_aside
from bot.signals.sent import Checked, SentSignal, check_signal
from bot.signals.whose import find_accounts, find_contacts

FOLLOWED = frozenset({SignalKind.NPS, SignalKind.SENTIMENT, SignalKind.ARR})  # a column follows them
FEW = 20  # signals in one transaction that may start playbooks, some 30 ms each: a click waits for no more


class Taken(StrEnum):
    """What became of a signal."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one signal. `words` are a sentence for the sender; None where there is nothing to say."""

    taken: Taken
    external_id: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the source of signals that name none, and what the timeline calls it (`the API token crm`)."""

    source: str
    words: str


Read = SentSignal | str  # a signal as it was read, or what is wrong with it
Advance = Callable[[int], None]


async def take_in(
    database: Database,
    library: Library,
    signals: Sequence[Read],
    sender: Sender,
    now: datetime,
    advance: Advance = lambda _: None,
) -> list[Outcome]:
    """Take in signals, in their order, and say of each what became of it. What could not be read is refused.

    All that only has to be kept goes in at once, in one transaction. Those that may start playbooks follow, a few in a
    transaction. When something fails in between, nothing is half done: whoever sends all of it again finds the first
    part as duplicates.
    """
    known = library.metrics.known
    found = [one if isinstance(one, str) else check_signal(one, known, now, sender.source) for one in signals]
    outcomes = {index: Outcome(Taken.REFUSED, words=one) for index, one in enumerate(found) if isinstance(one, str)}
    checked = {index: one for index, one in enumerate(found) if isinstance(one, Checked)}
    plain, followed = _sorted_out(checked, known)
    for part in (plain, *_groups(followed, FEW)):
        if part:
            async with database.long_transaction() as session:
                outcomes |= await take_in_checked(session, library, part, sender, now)
            advance(len(part))
    return [outcomes[index] for index in range(len(signals))]


def _sorted_out(
    checked: Mapping[int, Checked], known: Mapping[str, Metric]
) -> tuple[dict[int, Checked], dict[int, Checked]]:
    """Those that are only kept, and those that change something else, the earliest first."""
    consequential = _consequential(checked.values(), known)
    plain = {index: one for index, one in checked.items() if one.sent.kind not in consequential}
    others = sorted((item for item in checked.items() if item[0] not in plain), key=lambda item: item[1].observed_at)
    return plain, dict(others)


def _consequential(signals: Iterable[Checked], known: Mapping[str, Metric]) -> set[str]:
    """The kinds among these that change more than what is measured. One in words is told on the timeline.

    A kind may have been taken out of metrics.yaml while a signal of it was in quarantine: it is only kept then.
    """
    kinds = {one.sent.kind for one in signals}
    return {kind for kind in kinds if kind in FOLLOWED or (kind in known and not known[kind].has_number)}


def _groups(items: Mapping[int, Checked], size: int) -> Iterable[dict[int, Checked]]:
    rest = iter(items.items())
    while group := dict(islice(rest, size)):
        yield group


async def take_in_checked(
    session: AsyncSession, library: Library, signals: Mapping[int, Checked], sender: Sender, now: datetime
) -> dict[int, Outcome]:
    """Take in signals (by any index) in this transaction. Returns by index what became of them."""
    first, outcomes = _without_repeats(signals)
    accounts = await find_accounts(session, {one.reference for one in first.values()})
    mine = {index: one for index, one in first.items() if one.reference in accounts}
    contacts = await find_contacts(
        session,
        {(accounts[one.reference], one.source, one.sent.contact) for one in mine.values() if one.sent.contact},
    )
    consequential = _consequential(mine.values(), library.metrics.known)
    serious = {index: one for index, one in mine.items() if one.sent.kind in consequential}
    locked = {
        id_: await lock_account(session, id_) for id_ in sorted({accounts[s.reference] for s in serious.values()})
    }
    rows = {index: _row(one, accounts[one.reference], contacts, now) for index, one in mine.items()}
    new = await keep_new(session, sorted(rows.values(), key=lambda row: row.account_id))
    for index, one in mine.items():
        outcomes[index] = (
            Outcome(Taken.ACCEPTED, one.external_id, _note(one, rows[index]))
            if one.key in new
            else Outcome(Taken.DUPLICATE, one.external_id)
        )
    await _follow(session, library, [one for one in serious.values() if one.key in new], locked, sender, now)
    await ask_for_evaluation(
        session, {row.account_id for row in rows.values() if (row.source, row.external_id) in new}, now
    )
    unknown = {index: one for index, one in first.items() if index not in mine}
    return outcomes | await _set_aside(session, unknown, now)


def _without_repeats(signals: Mapping[int, Checked]) -> tuple[dict[int, Checked], dict[int, Outcome]]:
    """The first signal of each key, and what to say of the others."""
    seen: set[tuple[str, str]] = set()
    first: dict[int, Checked] = {}
    outcomes: dict[int, Outcome] = {}
    for index, one in signals.items():
        if one.key in seen:
            words = "An earlier one in the same batch has the same source and external_id."
            outcomes[index] = Outcome(Taken.DUPLICATE, one.external_id, words)
        else:
            seen.add(one.key)
            first[index] = one
    return first, outcomes


def _row(one: Checked, account_id: int, contacts: Mapping[tuple[int, str, str], int], now: datetime) -> NewSignal:
    sent = one.sent
    contact_id = contacts.get((account_id, one.source, sent.contact)) if sent.contact else None
    comment = sent.comment
    if sent.contact and contact_id is None and comment is None:
        comment = f"from {sent.contact}"  # else who it was would be lost
    return NewSignal(
        account_id,
        contact_id,
        sent.kind,
        sent.number,
        sent.label,
        comment,
        None,
        one.source,
        one.external_id,
        one.observed_at,
        now,
    )


def _note(one: Checked, row: NewSignal) -> str | None:
    if one.sent.contact and row.contact_id is None:
        words = f"The account has no contact {one.sent.contact}: kept for the account alone."
        return f"{one.note} {words}" if one.note else words
    return one.note


async def _follow(
    session: AsyncSession,
    library: Library,
    new: Sequence[Checked],
    accounts: Mapping[int, Account],
    sender: Sender,
    now: datetime,
) -> None:
    """What follows from signals that were new: columns, timeline entries, playbooks. The earliest comes first."""
    for one in new:
        query = select(Signal).where(Signal.source == one.source, Signal.external_id == one.external_id)
        signal = (await session.exec(query)).one()
        account = accounts[signal.account_id]
        if signal.kind == SignalKind.NPS:
            if signal.contact_id is not None:
                contact = await session.get_one(Contact, signal.contact_id)
                await take_score(session, library, account, contact, signal, now, sender=sender.words)
        elif signal.kind == SignalKind.SENTIMENT:
            await take_sentiment(session, library, account, signal, now, sender=sender.words)
        elif signal.kind == SignalKind.ARR:
            await take_arr(session, account, signal, now, sender=sender.words)
        else:
            title = library.metrics.name(signal.kind)
            words = f"{title}: {signal.label}, by {sender.words}"
            record(session, TimelineKind.SIGNAL, words, now, account_id=account.id)
    await session.flush()


async def _set_aside(session: AsyncSession, unknown: Mapping[int, Checked], now: datetime) -> dict[int, Outcome]:
    """Put signals of unknown accounts into quarantine; one that is there already is a duplicate."""
    if not unknown:
        return {}
    there = await known_in_quarantine(session, [one.key for one in unknown.values()])
    await put_aside(session, [one for one in unknown.values() if one.key not in there], now)
    return {
        index: Outcome(Taken.DUPLICATE, one.external_id, "It waits in quarantine already.")
        if one.key in there
        else Outcome(Taken.QUARANTINED, one.external_id, _unknown_words(one))
        for index, one in unknown.items()
    }


def _unknown_words(one: Checked) -> str:
    return (
        f'There is no one account "{one.sent.account}" (source {one.source}): '
        "kept until somebody says in Slack whose it is."
    )


def count_outcomes(outcomes: Iterable[Outcome]) -> Mapping[Taken, int]:
    """How many of each there are, those with none included."""
    counts = Counter(outcome.taken for outcome in outcomes)
    return {taken: counts[taken] for taken in Taken}
