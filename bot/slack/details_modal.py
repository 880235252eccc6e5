"""Everything about one step, to read: the whole guidance, who takes part, what it asks for, what was written."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.slack.blocks import Block, context, divider, modal, section, sections
from bot.slack.limits import SECTION_TEXT
from bot.slack.step_card import (
    StepCard,
    asset_link,
    concerned_words,
    due_line,
    found_line,
    how_and_where,
    missing_role_words,
    place_line,
    role_words,
    within,
)
from bot.slack.text import fit, label, shorten_mrkdwn

NOTES = 5


@dataclass(frozen=True, slots=True)
class WrittenNote:
    author: str
    when: str  # in the reader's words
    body: str


@dataclass(frozen=True)
class StepDetails:
    card: StepCard
    guidance: str  # mrkdwn, whole
    whose: str  # the assignee's name
    needs: tuple[str, ...] = ()  # titles of the steps it waits for
    asks: tuple[str, ...] = ()  # what completing it asks for
    people: tuple[str, ...] = ()  # attendees with their addresses
    notes: tuple[WrittenNote, ...] = ()


def build_details_modal(details: StepDetails) -> Block:
    card = details.card
    blocks = [section(f"*{label(card.title, 200)}*  ·  {due_line(card)}"), context(place_line(card))]
    blocks += _guidance(details.guidance)
    if card.found:
        blocks += sections(found_line(answer) for answer in card.found.answers)
    blocks += [context(text) for text in _facts(details)]
    if details.notes:
        blocks += [divider(), *_notes(details.notes)]
    return modal("Step details", blocks)


def _guidance(guidance: str) -> list[Block]:
    return sections(shorten_mrkdwn(line, SECTION_TEXT) for line in guidance.splitlines()) if guidance.strip() else []


def _facts(details: StepDetails) -> list[str]:
    card = details.card
    facts = [f"*Whose step*  {label(details.whose, 60)}"]
    if card.missing_role:
        facts.append(missing_role_words(card))
    if details.people:
        facts.append(f"*With*  {', '.join(label(person, 120) for person in details.people[:10])}")
    if card.missing_attendees:
        facts.append(f"*Nobody on file as*  {', '.join(role_words(role) for role in card.missing_attendees)}")
    if how := how_and_where(card):
        facts.append(f"*How*  {', '.join(how)}")
    if card.value:
        facts.append(f"*Value for the customer*  {label(card.value, 300)}")
    if card.consulted:
        facts.append(f"*Ask first*  {concerned_words(card.consulted)}")
    if card.accountable:
        facts.append(f"*Answers for it*  {concerned_words([card.accountable])}")
    if card.informed:
        facts.append(f"*Will hear that it is done*  {concerned_words(card.informed)}")
    if details.needs:
        facts.append(f"*After*  {', '.join(label(title, 80) for title in details.needs[:10])}")
    if details.asks:
        facts.append(f"*Asks for*  {', '.join(label(asked, 100) for asked in details.asks[:15])}")
    if card.assets:
        facts.append(within("  ·  ", [asset_link(asset) for asset in card.assets], SECTION_TEXT))
    return facts


def _notes(notes: Sequence[WrittenNote]) -> list[Block]:
    return [section(f"*{label(n.author, 60)}*  {n.when}\n{fit(n.body, 900)}") for n in notes[:NOTES]]
