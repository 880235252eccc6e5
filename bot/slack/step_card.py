"""One step as it looks in a message: a card while it wants something from the reader, one line when it does not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.library.schema import Asset, Channel, SystemOfRecord
from bot.models import FINISHED, StepKind, StepStatus
from bot.slack.blocks import Block, actions, button, context, option, overflow, section
from bot.slack.dates import day_words, due_words, moment_words
from bot.slack.ids import ActionId
from bot.slack.payloads import FoundRef, MenuChoice, MenuItem, Place, StepRef
from bot.slack.text import fit, label, mention, shorten_mrkdwn

TITLE = 150
GUIDANCE = 320
CARD_TEXT = 1400
CARD_ASIDE = 500
LINE = 600
RAISED = "Raised in the escalation channel; it completes when that is resolved."

MENU = {
    MenuItem.DETAILS: "Details",
    MenuItem.SKIP: "Skip…",
    MenuItem.NOT_APPLICABLE: "Not applicable…",
    MenuItem.REASSIGN: "Reassign…",
    MenuItem.BLOCK: "Blocked…",
}
ROLE_NOUNS = {
    "finance": "finance colleague",
    "support": "support colleague",
    "product": "product colleague",
    "marketing": "marketing colleague",
    "guardian": "guardian of value",
    "admin": "administrator",
}
CHANNELS = {
    Channel.EMAIL: "by email",
    Channel.CALL: "by phone",
    Channel.VIDEO: "by video call",
    Channel.ON_SITE: "on site",
    Channel.IN_APP: "in the product",
    Channel.CHAT: "by chat",
}
THUMBS = {True: "👍", False: "👎"}
ENDINGS = {
    StepStatus.DONE: ("✓", "Done"),
    StepStatus.SKIPPED: ("–", "Skipped"),
    StepStatus.NOT_APPLICABLE: ("–", "Not applicable"),
    StepStatus.CANCELLED: ("–", "Called off"),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ended. `at` is in the reader's zone; no `by` means Playcall itself."""

    by: str | None
    at: datetime | None
    outcome: str | None = None
    reason: str | None = None
    undoable: bool = False
    asks_feedback: bool = False  # of the reader, who has just finished it
    helped: bool | None = None  # what the reader said of it


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody a step names besides its assignee. No name: nobody has the role on the account."""

    role: str
    name: str | None = None
    slack_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """A question of a check with what is known of it. No `value`: nothing came in, and `source` says where to look."""

    question: str
    value: str | None
    source: str
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class FoundAnswers:
    """What a check arrives answered with. `fingerprint` stands for the answers; None when there are none."""

    answers: tuple[FoundAnswer, ...]
    fingerprint: str | None = None
    is_enough: bool = False  # nothing else is needed to complete the step


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step for one reader. Names are raw text; `guidance` is mrkdwn. `today` is the reader's."""

    step_id: int
    revision: int
    title: str
    kind: StepKind
    status: StepStatus
    account_id: int
    account: str
    playbook: str
    number: int
    total: int
    due_on: date | None
    today: date
    contact: str | None = None
    optional: bool = False
    guidance: str = ""
    attendees: tuple[str, ...] = ()
    missing_attendees: tuple[str, ...] = ()  # contact roles that nobody has
    assets: tuple[Asset, ...] = ()
    channel: Channel | None = None
    system: SystemOfRecord | None = None
    value: str | None = None
    consulted: tuple[Concerned, ...] = ()
    accountable: Concerned | None = None
    informed: tuple[Concerned, ...] = ()
    missing_role: str | None = None  # the step's role, when nobody has it and so the CSM got the step
    snoozed_until: date | None = None
    assignee: str | None = None  # whose step it is, when it is not the reader's
    paused: bool = False
    reason: str | None = None  # why it is blocked, was sent back, or did not go by itself
    ending: Ending | None = None
    notes: int = 0  # how many were written about it
    found: FoundAnswers | None = None  # of a check that fills itself
    caution: str | None = None  # what else reaches the customer these days, or that it waits
    is_raised: bool = False  # an escalation step whose escalation is not resolved yet: nobody completes it by hand

    @property
    def is_snoozed(self) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > self.today

    @property
    def is_overdue(self) -> bool:
        return self.due_on is not None and self.due_on < self.today

    @property
    def wants_something(self) -> bool:
        """Whether the reader is asked to do something: such a step is a whole card."""
        return self.status is StepStatus.OPEN and not (self.assignee or self.paused or self.is_snoozed)


def build_step_card(card: StepCard, place: Place = Place.MESSAGE) -> list[Block]:
    if card.status in FINISHED:
        return [_ending_line(card, place), *_feedback(card, place)]
    if card.assignee:
        return [context(f"→  {_title_and_account(card)}  ·  now with {label(card.assignee)}")]
    if card.paused:
        return [context(f"⏸  {_title_and_account(card)}  ·  the playbook is paused")]
    if card.status is StepStatus.WAITING:
        return [context(f"…  {_title_and_account(card)}  ·  waits for an earlier step")]
    return _card(card, place)


def build_step_row(card: StepCard, place: Place) -> list[Block]:
    """A step in a list of many: no guidance, and the buttons that are needed every day.

    What a check arrives answered with has no room here, so it is completed in the form, where it is filled in.
    """
    card = replace(card, found=None)
    lines = [f"*{label(card.title, TITLE)}*  ·  {due_line(card)}", place_line(card)]
    if card.is_raised:
        lines.append(RAISED)
    elements = [*_primary_buttons(card, place), *_everyday_buttons(card, place), _menu(card, place)]
    return [section("\n".join(lines)), actions(_block_id(card), *elements)]


def _card(card: StepCard, place: Place) -> list[Block]:
    blocks = [section(shorten_mrkdwn("\n".join(_lines(card)), CARD_TEXT))]
    blocks += [context(line) for line in (_aside(card), _people_line(card)) if line]
    escalate = button("Escalate", ActionId.STEP_ESCALATE, _value(card, place))
    elements = [*_primary_buttons(card, place), *_everyday_buttons(card, place), escalate, _menu(card, place)]
    blocks.append(actions(_block_id(card), *elements))
    return blocks


def _lines(card: StepCard) -> list[str]:
    lines = [f"*{label(card.title, TITLE)}*  ·  {due_line(card)}", place_line(card)]
    if card.status is StepStatus.BLOCKED:
        lines.append(f"*Blocked:* {fit(card.reason or 'no reason given', GUIDANCE)}")
    elif card.is_snoozed and card.snoozed_until:
        lines.append(f"Snoozed until {day_words(card.snoozed_until, card.today)}.")
    else:
        if card.guidance:
            lines.append(shorten_mrkdwn(first_paragraph(card.guidance), GUIDANCE))
        if card.reason:
            lines.append(f"*Mind:* {fit(card.reason, GUIDANCE)}")
        if card.found:
            lines += [found_line(answer) for answer in card.found.answers]
        if card.caution:
            lines.append(f"⚠  {fit(card.caution, GUIDANCE)}")
    if card.is_raised:
        lines.append(RAISED)
    return lines


def found_line(answer: FoundAnswer) -> str:
    """`Open tickets: *4* (Zendesk, 2 hours ago)`."""
    question = label(answer.question, 100).rstrip("?:")
    if answer.value is None:
        return f"•  {question}: nothing came in yet, {label(answer.source, 100)}"
    stale = "  ⚠ _out of date_" if answer.is_stale else ""
    return f"•  {question}: *{label(answer.value, 120)}* ({label(answer.source, 100)}){stale}"


def first_paragraph(guidance: str) -> str:
    """What to do; how to do it well follows in the details."""
    lines = [line for line in guidance.splitlines() if line.strip()]
    return lines[0] if lines else ""


def due_line(card: StepCard) -> str:
    words, bracket, date_words = due_words(card.due_on, card.today).partition(" (")
    return f"*{words}*{bracket}{date_words}" if card.is_overdue else f"{words}{bracket}{date_words}"


def place_line(card: StepCard) -> str:
    """Where in which playbook of which account the step belongs."""
    subject = f"{label(card.account)} ({label(card.contact, 60)})" if card.contact else label(card.account)
    number = f"step {card.number} of {card.total}" + (", optional" if card.optional else "")
    return f"{subject}  ·  {label(card.playbook)}, {number}"


def _aside(card: StepCard) -> str:
    if not card.wants_something:
        return ""
    parts = []
    if card.attendees:
        parts.append(f"With {', '.join(label(name, 40) for name in card.attendees[:6])}")
    if card.missing_attendees:
        parts.append(f"nobody on file as {' or '.join(role_words(role) for role in card.missing_attendees)}")
    parts += how_and_where(card)
    parts += [asset_link(asset) for asset in card.assets]
    if card.missing_role:
        parts.append(missing_role_words(card))
    if card.value:
        parts.append(f"Value: {label(card.value, 200)}")
    if card.notes:
        parts.append(f"{card.notes} note{'s' if card.notes > 1 else ''}")
    return within("  ·  ", parts, CARD_ASIDE)


def how_and_where(card: StepCard) -> list[str]:
    """How the customer is reached, and the system in which the work is done."""
    parts = [CHANNELS[card.channel]] if card.channel else []
    if card.system:
        name = card.system.name
        parts.append(f"in {link(name, str(card.system.url)) if card.system.url else label(name, 75)}")
    return parts


def _people_line(card: StepCard) -> str:
    """Whom to ask, and who else has to do with it; a mention in a message to somebody else calls nobody."""
    if not card.wants_something:
        return ""
    parts = []
    if card.consulted:
        parts.append(f"Ask {concerned_words(card.consulted)} first")
    if card.accountable:
        parts.append(f"{concerned_words([card.accountable])} answers for it")
    if card.informed:
        parts.append(f"{concerned_words(card.informed)} will hear that it is done")
    return within("  ·  ", parts, CARD_ASIDE)


def concerned_words(people: Sequence[Concerned]) -> str:
    return ", ".join(
        f"{_called(person, person.name)} ({role_words(person.role)})"
        if person.name
        else f"somebody for {role_words(person.role)} (nobody is set)"
        for person in people[:5]
    )


def _called(person: Concerned, name: str) -> str:
    return mention(person.slack_user_id, name) if person.slack_user_id else label(name, 60)


def missing_role_words(card: StepCard) -> str:
    noun = ROLE_NOUNS.get(card.missing_role or "", role_words(card.missing_role or ""))
    return f"You get this because {label(card.account, 60)} has no {noun}."


def role_words(role: str) -> str:
    """`executive_sponsor` as people say it."""
    return role.upper() if role in {"ae", "csm"} else role.replace("_", " ")


def asset_link(asset: Asset) -> str:
    return link(asset.title, str(asset.url))


def link(title: str, url: str) -> str:
    return f"<{url.replace('|', '%7C').replace('>', '%3E')}|{label(title, 75).replace('|', '/')}>"


def within(separator: str, parts: list[str], limit: int) -> str:
    """As many of the parts as fit: each is whole, as a cut one could be half a link."""
    text = ""
    for part in parts:
        longer = f"{text}{separator}{part}" if text else part
        if len(longer) <= limit:
            text = longer
    return text


def _value(card: StepCard, place: Place) -> str:
    return StepRef(step=card.step_id, revision=card.revision, place=place).pack()


def _everyday_buttons(card: StepCard, place: Place) -> list[Block]:
    value = _value(card, place)
    return [button("Add note", ActionId.STEP_NOTE, value), button("Snooze", ActionId.STEP_SNOOZE, value)]


def _block_id(card: StepCard) -> str:
    return f"step:{card.step_id}:actions"


def _primary_buttons(card: StepCard, place: Place) -> list[Block]:
    """What moves the step on; none where that is for whoever has the escalation to do."""
    value = _value(card, place)
    if card.status is StepStatus.BLOCKED:
        return [button("Unblock", ActionId.STEP_UNBLOCK, value, style="primary")]
    if card.is_raised:
        return []
    if card.kind is StepKind.EMAIL:
        return [button("Review email", ActionId.STEP_REVIEW_EMAIL, value, style="primary")]
    if card.found and card.found.fingerprint:
        seen = FoundRef(step=card.step_id, revision=card.revision, place=place, found=card.found.fingerprint).pack()
        words = "Confirm" if card.found.is_enough else "Confirm…"
        return [
            button(words, ActionId.STEP_CONFIRM, seen, style="primary"),
            button("Wrong…", ActionId.STEP_WRONG, value),
        ]
    return [button("Complete", ActionId.STEP_COMPLETE, value, style="primary")]


def _menu(card: StepCard, place: Place) -> Block:
    items = [item for item in MENU if item is not MenuItem.BLOCK or card.status is not StepStatus.BLOCKED]
    return overflow(
        ActionId.STEP_MENU,
        [
            option(
                MENU[item],
                MenuChoice(step=card.step_id, revision=card.revision, place=place, item=item).pack(),
            )
            for item in items
        ],
    )


def _ending_line(card: StepCard, place: Place) -> Block:
    ending = card.ending or Ending(None, None)
    mark, word = ENDINGS[card.status]
    said = f"{word} by {label(ending.by, 60)}" if ending.by else word
    if ending.at:
        said += f", {moment_words(ending.at, card.today)}"
    parts = [f"{mark}  {_title_and_account(card)}", said]
    if ending.outcome:
        parts.append(f"*{label(ending.outcome, 75)}*")
    if ending.reason:
        parts.append(label(ending.reason, 160))
    if ending.helped is not None:
        parts.append(f"you: {THUMBS[ending.helped]}")
    text = within("  ·  ", parts, LINE)
    if not ending.undoable:
        return context(text)
    undo = button("Undo", ActionId.STEP_UNDO, _value(card, place))
    return section(text, accessory=undo, block_id=f"step:{card.step_id}:ending")


def _feedback(card: StepCard, place: Place) -> list[Block]:
    """One tap on a step that was just finished; a second one changes the mind."""
    if card.ending is None or not card.ending.asks_feedback:
        return []
    value = _value(card, place)
    thumbs = [
        button(THUMBS[True], ActionId.STEP_HELPED, value),
        button(THUMBS[False], ActionId.STEP_DID_NOT_HELP, value),
    ]
    return [actions(f"step:{card.step_id}:feedback", *thumbs)]


def _title_and_account(card: StepCard) -> str:
    return f"{label(card.title, TITLE)}  ·  {label(card.account)}"
