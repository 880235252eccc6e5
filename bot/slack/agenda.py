"""What a person has to do, by urgency: the private answer to `/playbook today`, and the first part of the Home tab."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.blocks import Block, Message, context, section
from bot.slack.payloads import Place
from bot.slack.step_card import StepCard, build_step_row

FREE = "Nothing is due this week. `/playbook list` shows what you could start."
ROWS_TODAY = 20  # two blocks each, of the 50 that a message may have


@dataclass(frozen=True)
class Agenda:
    """A person's open steps, each group by due date. `later` counts those after this week."""

    overdue: tuple[StepCard, ...] = ()
    today: tuple[StepCard, ...] = ()
    week: tuple[StepCard, ...] = ()
    later: int = 0

    @property
    def groups(self) -> list[tuple[str, Sequence[StepCard]]]:
        named = [("Overdue", self.overdue), ("Today", self.today), ("This week", self.week)]
        return [(name, cards) for name, cards in named if cards]

    @property
    def count(self) -> int:
        return len(self.overdue) + len(self.today) + len(self.week)


def build_today_message(agenda: Agenda) -> Message:
    blocks = [section(f"*Your steps*  ·  {agenda_words(agenda)}")]
    blocks += build_agenda_rows(agenda, Place.TODAY, ROWS_TODAY)
    return Message(f"Your steps: {agenda_words(agenda)}", blocks)


def build_agenda_rows(agenda: Agenda, place: Place, limit: int) -> list[Block]:
    """At most `limit` steps, the most urgent first, and a line that counts the others."""
    blocks: list[Block] = []
    left = limit
    for name, cards in agenda.groups:
        if shown := cards[:left]:
            blocks.append(context(f"*{name}*"))
        for card in shown:
            blocks += build_step_row(card, place)
        left -= len(shown)
    if not agenda.count:
        blocks.append(section(FREE))
    if closing := _closing_words(agenda, limit):
        blocks.append(context(closing))
    return blocks


def agenda_words(agenda: Agenda) -> str:
    parts = [f"{len(cards)} {name.lower()}" for name, cards in agenda.groups]
    return ", ".join(parts) if parts else "nothing due this week"


def _closing_words(agenda: Agenda, limit: int) -> str:
    parts = []
    if agenda.count > limit:
        parts.append(f"and {agenda.count - limit} more this week")
    if agenda.later:
        parts.append(f"{agenda.later} later")
    return ", ".join(parts) + "." if parts else ""
