"""The message with a person's due steps: the same builder posts it and redraws it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import FINISHED
from bot.slack.blocks import Block, Message, context, divider, section
from bot.slack.dates import due_words
from bot.slack.limits import MESSAGE_BLOCKS, MESSAGE_TEXT_TOTAL, text_length
from bot.slack.payloads import Place
from bot.slack.step_card import StepCard, build_step_card
from bot.slack.text import label

CARDS = 8  # whole cards in one message: more is a wall, and the Home tab has them all
ROOM_FOR_THE_REST = 200  # characters kept for the closing line
ALL_DONE = "Nothing is left to do here."


@dataclass(frozen=True)
class Layout:
    """What of the cards goes into one message, and how many steps did not fit."""

    blocks: list[Block]
    left_out: int


def build_steps_message(cards: Sequence[StepCard], place: Place = Place.MESSAGE) -> Message:
    """The cards in their order. As steps are finished they shrink to a line, and those left out come up."""
    head = [section(_headline(cards))] if len(cards) > 1 else []
    layout = _lay_out(cards, head, place)
    blocks = layout.blocks
    if layout.left_out:
        blocks.append(context(f"and {layout.left_out} more: open the Home tab, or type `/playbook today`."))
    return Message(build_steps_text(cards), blocks)


def build_steps_text(cards: Sequence[StepCard]) -> str:
    """The line that a notification shows."""
    waiting = [card for card in cards if card.wants_something]
    if not waiting:
        return ALL_DONE
    if len(waiting) == 1:
        card = waiting[0]
        return f"{label(card.title, 150)} for {label(card.account)}: {due_words(card.due_on, card.today)}"
    titles = ", ".join(label(card.title, 60) for card in waiting[:3])
    return f"{_count_words(waiting)}: {titles}" + (" and others" if len(waiting) > 3 else "")


def _headline(cards: Sequence[StepCard]) -> str:
    waiting = [card for card in cards if card.wants_something]
    if not waiting:
        return f"*{ALL_DONE}*"
    accounts = list(dict.fromkeys(card.account for card in cards))
    about = label(accounts[0]) if len(accounts) == 1 else f"{len(accounts)} accounts"
    return f"*{_count_words(waiting)}*  ·  {about}"


def _count_words(waiting: Sequence[StepCard]) -> str:
    overdue = sum(card.is_overdue for card in waiting)
    words = f"{len(waiting)} step{'s' if len(waiting) > 1 else ''} for you"
    return f"{words}, {overdue} overdue" if overdue else words


def _lay_out(cards: Sequence[StepCard], head: list[Block], place: Place) -> Layout:
    blocks, whole, left_out = list(head), 0, 0
    for card in cards:
        built = build_step_card(card, place)
        is_whole = card.status not in FINISHED and len(built) > 1
        if is_whole and blocks:
            built = [divider(), *built]
        if (is_whole and whole == CARDS) or not _fits([*blocks, *built]):
            left_out += 1
            continue
        blocks += built
        whole += is_whole
    return Layout(blocks, left_out)


def _fits(blocks: list[Block]) -> bool:
    return len(blocks) < MESSAGE_BLOCKS and sum(map(text_length, blocks)) <= MESSAGE_TEXT_TOTAL - ROOM_FOR_THE_REST
