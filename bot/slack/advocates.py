"""Who at a customer does us favours: the answer to `/account advocates`, single asks, and their modals."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import AskKind, AskStatus
from bot.slack.account_words import DOT
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    header,
    input_block,
    modal,
    option,
    section,
    static_select,
    text_input,
)
from bot.slack.ids import ActionId, CallbackId, InputId
from bot.slack.payloads import AskAnswer, AskRef, ContactRef
from bot.slack.text import label

KIND_LABELS = {
    AskKind.REFERRAL: "Referral",
    AskKind.REFERENCE: "Reference call",
    AskKind.REVIEW: "Review",
    AskKind.CASE_STUDY: "Case study",
    AskKind.MEDIA: "Press or media",
    AskKind.SOCIAL: "Post on social media",
    AskKind.ADVISORY_BOARD: "Advisory board",
}


ASK_LINES = 3  # of one contact
ANSWERED = 2  # asks of one contact that get buttons


@dataclass(frozen=True, slots=True)
class AskRow:
    """A favour that was asked. While it is open its outcome can be told."""

    ref: AskRef
    kind: AskKind
    status: AskStatus
    contact: str
    when: str
    by: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person at the customer. `refusal` says why they may not be asked now; None: they may."""

    contact_id: int
    name: str
    facts: tuple[str, ...]
    said_yes_to: tuple[str, ...]
    asks: tuple[AskRow, ...]  # those that are open, then the latest one that is closed
    refusal: str | None


@dataclass(frozen=True, slots=True)
class AdvocatesView:
    name: str
    key: str
    contacts: tuple[ContactRow, ...]
    page: int
    pages: int


def build_advocates_message(view: AdvocatesView) -> Message:
    title = f"{view.name}: advocates"
    if not view.contacts:
        text = f"{label(view.name)} has no contacts yet. `/account contact {label(view.key)}` adds one."
        return Message(text, [section(text)])
    blocks = [header(title), *(block for row in view.contacts for block in _contact(row))]
    return Message(label(title, 200), [*blocks, context(_closing(view))])


def _contact(row: ContactRow) -> list[Block]:
    lines = [DOT.join([f"*{label(row.name)}*", *(label(fact, 120) for fact in row.facts)])]
    if row.said_yes_to:
        lines.append(f"Said yes to: {label(', '.join(row.said_yes_to), 200)}")
    lines += [_ask_line(ask) for ask in row.asks[:ASK_LINES]]
    if row.refusal:
        lines.append(f"_{label(row.refusal, 300)}_")
    ask = button("Ask", ActionId.ADVOCACY_ASK, ContactRef(contact=row.contact_id).pack())
    block_id = f"advocate:{row.contact_id}"
    open_asks = [one for one in row.asks if one.is_open]
    return [
        section("\n".join(lines), accessory=ask, block_id=block_id),
        *(_answers(one) for one in open_asks[:ANSWERED]),
    ]


def _ask_line(ask: AskRow) -> str:
    return DOT.join([f"{KIND_LABELS[ask.kind]}: {_status(ask.status)}", f"asked {ask.when}", label(ask.by, 80)])


def _status(status: AskStatus) -> str:
    return {
        AskStatus.ASKED: "no answer yet",
        AskStatus.ACCEPTED: "said yes",
        AskStatus.DECLINED: "said no",
        AskStatus.DELIVERED: "delivered",
    }[status]


def _answers(ask: AskRow) -> Block:
    """The ways an open ask can go on. Several stand on one page, so each says what it is about."""
    value = ask.ref.pack()
    yes = [button(f"{KIND_LABELS[ask.kind]}: said yes", ActionId.ADVOCACY_YES, value)]
    return actions(
        f"ask:{ask.ref.ask}",
        *(yes if ask.status is AskStatus.ASKED else []),
        button("Said no", ActionId.ADVOCACY_NO, value),
        button("Delivered", ActionId.ADVOCACY_DELIVERED, value),
    )


def _closing(view: AdvocatesView) -> str:
    words = [f"Page {view.page} of {view.pages}"] if view.pages > 1 else []
    if view.page < view.pages:
        words.append(f"More: `/account advocates {label(view.key)} {view.page + 1}`")
    words.append("How often people may be asked is in playbooks/advocacy.yaml.")
    return DOT.join(words)


def build_ask_message(ask: AskRow, sentence: str) -> Message:
    """One ask, with what can come of it. `sentence` is plain text."""
    words = label(sentence, 300)
    return Message(words, [section(words), *([_answers(ask)] if ask.is_open else [])])


def build_ask_modal(contact_id: int, name: str, refusal: str | None, *, may_override: bool) -> Block:
    """A leader whom the limit stands against may give a reason to ask all the same."""
    options: Sequence[Block] = [option(words, kind.value) for kind, words in KIND_LABELS.items()]
    kinds = static_select(options, placeholder="What for?")
    blocks = [context(f"*{label(name)}*"), input_block(InputId.ASK_KIND, "Ask for", kinds)]
    if refusal:
        blocks.insert(1, section(f"⚠️ {label(refusal, 500)}"))
    if refusal and may_override:
        reason = text_input(multiline=True, placeholder="They offered it themselves on yesterday's call.")
        blocks.append(input_block(InputId.OVERRIDE, "Why ask all the same?", reason, optional=True))
    return modal(
        "Ask a favour",
        blocks,
        callback_id=CallbackId.ADVOCACY_ASK,
        submit="Note that I asked",
        metadata=ContactRef(contact=contact_id).pack(),
    )


def build_answer_modal(ask: AskRow, status: AskStatus) -> Block:
    declined = status is AskStatus.DECLINED
    words = text_input(multiline=True, placeholder="Their words, and what it means for the next time")
    return modal(
        "They said no" if declined else "Delivered",
        [
            context(f"*{label(ask.contact)}*{DOT}{KIND_LABELS[ask.kind]}"),
            input_block(InputId.NOTE, "Why?" if declined else "What came of it?", words, optional=True),
        ],
        callback_id=CallbackId.ADVOCACY_ANSWER,
        submit="Save",
        metadata=AskAnswer(ask=ask.ref.ask, status=status).pack(),
    )
