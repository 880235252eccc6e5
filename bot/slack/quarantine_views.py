"""Signals in quarantine: the question whose they are, the form that answers it, the list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models import QuarantineStatus
from bot.slack.account_form import Choice
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    input_block,
    modal,
    option,
    section,
    static_select,
    text_input,
)
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import QuarantineRef
from bot.slack.text import label

SHOWN = 8  # in one message
NAMED = 4  # kinds of one line


@dataclass(frozen=True, slots=True)
class QuarantineCard:
    """All signals that came under one name from one source. `quarantined_id` is any of them; `kinds` are titles."""

    quarantined_id: int
    source: str
    reference: str
    count: int
    kinds: tuple[str, ...]
    since: datetime
    status: QuarantineStatus = QuarantineStatus.WAITING
    account: str | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    cards: tuple[QuarantineCard, ...]
    page: int
    pages: int
    waiting: int  # of all pages, in ways of naming an account


def build_quarantine_message(cards: Sequence[QuarantineCard]) -> Message:
    """What nobody knows the account of, each with its buttons; what was decided since, as a line."""
    waiting = sum(card.status is QuarantineStatus.WAITING for card in cards)
    text = _head(waiting) if waiting else "Nothing of this is in quarantine any more."
    blocks = [section(f"*{text}*"), *_lines(cards[:SHOWN])]
    if len(cards) > SHOWN:
        blocks.append(context(f"and {len(cards) - SHOWN} more: `/account quarantine` shows them all"))
    return Message(text, blocks)


def build_quarantine_list(page: QuarantinePage) -> Message:
    if not page.cards:
        text = "Nothing is in quarantine: every signal that came in has its account."
        return Message(text, [section(text)])
    text = _head(page.waiting) if page.waiting else "Nothing waits in quarantine."
    blocks = [section(f"*{text}*"), *_lines(page.cards)]
    if page.pages > 1:
        more = f"`/account quarantine {page.page + 1}` shows more." if page.page < page.pages else ""
        blocks.append(context(f"Page {page.page} of {page.pages}. {more}".rstrip()))
    return Message(text, blocks)


def _head(waiting: int) -> str:
    if waiting == 1:
        return "Data came in for an account that nobody here knows. Whose is it?"
    return f"Data came in under {waiting} names of accounts that nobody here knows. Whose are they?"


def _lines(cards: Sequence[QuarantineCard]) -> Iterator[Block]:
    for card in cards:
        yield section(_words(card))
        if card.status is not QuarantineStatus.ASSIGNED:
            yield actions(f"quarantine:{card.quarantined_id}", *_buttons(card))


def _words(card: QuarantineCard) -> str:
    kinds = ", ".join(label(kind, 40) for kind in card.kinds[:NAMED])
    more = f" and {len(card.kinds) - NAMED} more" if len(card.kinds) > NAMED else ""
    number = "1 signal" if card.count == 1 else f"{card.count:,} signals"
    since = f"since {card.since:%Y-%m-%d %H:%M} UTC"
    words = f"*{label(card.reference)}* from {label(card.source, 40)}  ·  {number} ({kinds}{more})  ·  {since}"
    by = f" by {label(card.decided_by, 60)}" if card.decided_by else ""
    if card.status is QuarantineStatus.ASSIGNED:
        return f"{words}\n✓  {label(card.account or 'assigned')}{by}"
    return f"{words}\n✗  dropped{by}" if card.status is QuarantineStatus.DROPPED else words


def _buttons(card: QuarantineCard) -> Iterator[Block]:
    ref = QuarantineRef(quarantined=card.quarantined_id).pack()
    waits = card.status is QuarantineStatus.WAITING
    yield button("Assign…", ActionId.QUARANTINE_ASSIGN, ref, style="primary" if waits else None)
    if waits:
        yield button("Drop", ActionId.QUARANTINE_DROP, ref)


def build_assign_modal(card: QuarantineCard, accounts: Sequence[Choice]) -> Block:
    """`accounts` are some to choose from; any other can be named."""
    blocks: list[Block] = [
        context(_words(card)),
        context("From then on, whatever comes under this name belongs to the account."),
    ]
    if accounts:
        options = [option(choice.text, choice.value) for choice in accounts[:SELECT_OPTIONS]]
        menu = static_select(options, placeholder="An account")
        blocks.append(input_block(InputId.ACCOUNT, "Account", menu, optional=True))
    other = text_input(placeholder="Key, name or domain", limit=200)
    blocks.append(input_block(InputId.OTHER_ACCOUNT, "Or name it", other, optional=bool(accounts)))
    metadata = QuarantineRef(quarantined=card.quarantined_id).pack()
    return modal("Whose is it?", blocks, callback_id=CallbackId.QUARANTINE_ASSIGN, submit="Assign", metadata=metadata)
