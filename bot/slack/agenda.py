"""What a person has to do, by urgency: the private answer to `/playbook today`, and the first part of the Home tab."""

from dataclasses import dataclass

from bot.slack.blocks import Block, Message, context, section
from bot.slack.payloads import Place
from bot.slack.step_card import StepCard, build_step_row

FREE = "Nothing is due this week. `/playbook list` shows what you could start."
AGENDA_ROWS = 20  # two blocks each, of the 50 that a message may have


@dataclass(frozen=True)
class AgendaGroup:
    """Steps that are due about the same time: all are counted, the first ones are shown."""

    name: str
    count: int
    cards: tuple[StepCard, ...]


@dataclass(frozen=True)
class Agenda:
    """A person's open steps, the most urgent group first. `later` counts those after this week."""

    groups: tuple[AgendaGroup, ...] = ()
    later: int = 0


def build_today_message(agenda: Agenda) -> Message:
    words = agenda_words(agenda)
    blocks = [section(f"*Your steps*  ·  {words}"), *build_agenda_rows(agenda, Place.TODAY)]
    return Message(f"Your steps: {words}", blocks)


def build_agenda_rows(agenda: Agenda, place: Place) -> list[Block]:
    blocks: list[Block] = []
    for group in agenda.groups:
        if group.cards:
            blocks.append(context(f"*{group.name}*"))
        for card in group.cards:
            blocks += build_step_row(card, place)
    if not agenda.groups:
        blocks.append(section(FREE))
    if closing := _closing_words(agenda):
        blocks.append(context(closing))
    return blocks


def agenda_words(agenda: Agenda) -> str:
    return ", ".join(f"{group.count} {group.name.lower()}" for group in agenda.groups) or "nothing due this week"


def _closing_words(agenda: Agenda) -> str:
    parts = []
    if left_out := sum(group.count - len(group.cards) for group in agenda.groups):
        parts.append(f"and {left_out} more this week")
    if agenda.later:
        parts.append(f"{agenda.later} later")
    return ", ".join(parts) + "." if parts else ""
