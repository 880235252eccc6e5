"""Read models of quarantine: what waits there, one card for each way a sender names an account."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import col

from bot.db import Reader
from bot.errors import NotFound
from bot.library.metrics import Metrics
from bot.models import Account, Member, QuarantinedSignal, QuarantineStatus
from bot.reports.account_head import Statement
from bot.slack.account_form import Choice
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.quarantine_views import SHOWN, QuarantineCard, QuarantinePage

Reference = tuple[str, str]  # a source, and how it calls an account

FIRST = (QuarantineStatus.WAITING, QuarantineStatus.ASSIGNED, QuarantineStatus.DROPPED)  # what a card tells of


async def load_cards(reader: Reader, metrics: Metrics, references: Sequence[Reference]) -> list[QuarantineCard]:
    """What became of these, in their order."""
    row = QuarantinedSignal
    which = or_(*(and_(col(row.source) == source, col(row.account_ref) == text) for source, text in references))
    found = await _load(reader, metrics, which) if references else []
    by_reference = {(card.source, card.reference): card for card in reversed(_by_status(found))}
    return [by_reference[reference] for reference in references if reference in by_reference]


async def load_page(reader: Reader, metrics: Metrics, page: int) -> QuarantinePage:
    """What waits, the oldest first, then what was dropped."""
    undecided = col(QuarantinedSignal.status).in_((QuarantineStatus.WAITING, QuarantineStatus.DROPPED))
    cards = _by_status(await _load(reader, metrics, undecided))
    pages = max(1, -(-len(cards) // SHOWN))
    page = min(max(page, 1), pages)
    waiting = sum(card.status is QuarantineStatus.WAITING for card in cards)
    return QuarantinePage(tuple(cards[(page - 1) * SHOWN : page * SHOWN]), page, pages, waiting)


async def load_card(reader: Reader, metrics: Metrics, quarantined_id: int) -> QuarantineCard:
    """Raises NotFound."""
    row = QuarantinedSignal
    query: Statement = select(col(row.source), col(row.account_ref)).where(col(row.id) == quarantined_id)
    found = (await reader.execute(query)).one_or_none()
    if found is None:
        raise NotFound("That is not in quarantine any more. `/account quarantine` shows what is.")
    return (await load_cards(reader, metrics, [(found.source, found.account_ref)]))[0]


async def read_choices(reader: Reader) -> tuple[Choice, ...]:
    """As many accounts as a menu holds, by name."""
    query: Statement = (
        select(col(Account.id), col(Account.name))
        .where(col(Account.archived).is_(False))
        .order_by(col(Account.name))
        .limit(SELECT_OPTIONS)
    )
    return tuple(Choice(str(one.id), one.name) for one in (await reader.execute(query)).all())


def _by_status(cards: Sequence[QuarantineCard]) -> list[QuarantineCard]:
    return sorted(cards, key=lambda card: (FIRST.index(card.status), card.since, card.reference))


async def _load(reader: Reader, metrics: Metrics, which: ColumnElement[bool]) -> list[QuarantineCard]:
    """One card for each source, reference and status."""
    row = QuarantinedSignal
    alike = (col(row.source), col(row.account_ref), col(row.status))
    query: Statement = (
        select(
            *alike,
            func.min(row.id).label("id"),
            func.count().label("number"),
            func.min(row.created_at).label("since"),
            func.max(Account.name).label("account"),
            func.max(Member.name).label("decided_by"),
        )
        .outerjoin(Account, col(Account.id) == col(row.account_id))
        .outerjoin(Member, col(Member.id) == col(row.decided_by_id))
        .where(which)
        .group_by(*alike)
    )
    groups = (await reader.execute(query)).all()
    kinds = await _kinds(reader, which)
    return [
        QuarantineCard(
            group.id,
            group.source,
            group.account_ref,
            group.number,
            tuple(metrics.title(kind) for kind in kinds[group.source, group.account_ref]),
            group.since,
            QuarantineStatus(group.status),
            group.account,
            group.decided_by,
        )
        for group in groups
    ]


async def _kinds(reader: Reader, which: ColumnElement[bool]) -> dict[Reference, list[str]]:
    row = QuarantinedSignal
    kind: Any = col(row.payload)["kind"].as_string().label("kind")
    query: Statement = select(col(row.source), col(row.account_ref), kind).where(which).distinct().order_by(kind)
    found: dict[Reference, list[str]] = defaultdict(list)
    for one in (await reader.execute(query)).all():
        found[one.source, one.account_ref].append(one.kind)
    return found
