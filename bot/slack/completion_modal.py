"""The modal that completes a step which asks for something: how it ended, answers, what it must leave behind."""

from dataclasses import dataclass

from bot.library.schema import AnswerType, Artefact, Outcome, Question
from bot.slack.blocks import (
    Block,
    context,
    date_picker,
    input_block,
    modal,
    option,
    radio_buttons,
    static_select,
    text_input,
)
from bot.slack.ids import CallbackId, InputId, answer_input
from bot.slack.step_modals import RADIO_OPTIONS, StepHead, head_block

REASON_LABEL = "Why?"
CHANGED = "This has changed since it was shown, or grown old: look at the answers once more."
CONFIRMED = "What is known is filled in. Change what is not so."


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question and what its answer starts as; `source` says in words where that comes from."""

    question: Question
    prefill: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class CompletionForm:
    outcomes: tuple[Outcome, ...] = ()
    questions: tuple[AskedQuestion, ...] = ()
    artefact: Artefact | None = None
    artefact_so_far: str | None = None


def build_completion_modal(head: StepHead, form: CompletionForm) -> Block:
    return modal(
        "Complete the step",
        [head_block(head), *build_completion_inputs(form)],
        callback_id=CallbackId.STEP_COMPLETE,
        submit="Complete",
        metadata=head.ref.pack(),
    )


def build_changed_modal(head: StepHead, form: CompletionForm) -> Block:
    """In place of a confirmation: what the data say is not what was confirmed."""
    return _with_note(build_completion_modal(head, form), CHANGED)


def build_confirm_modal(head: StepHead, form: CompletionForm) -> Block:
    """The answers are confirmed, and something else is still to be said."""
    return _with_note(build_completion_modal(head, form), CONFIRMED)


def _with_note(view: Block, note: str) -> Block:
    first, *others = view["blocks"]
    return {**view, "blocks": [first, context(note), *others]}


def build_wrong_modal(head: StepHead, form: CompletionForm) -> Block:
    """The answers to be put right, and what is wrong with what came in."""
    why = text_input(multiline=True, placeholder="Two of these tickets were closed last week.")
    hint = "Whoever answers for the data hears of it, once. A number you correct counts from now on."
    return modal(
        "What is wrong?",
        [
            head_block(head),
            *build_completion_inputs(form),
            input_block(InputId.WRONG, "What is wrong with it?", why, hint=hint),
        ],
        callback_id=CallbackId.STEP_WRONG,
        submit="Correct and complete",
        metadata=head.ref.pack(),
    )


def build_completion_inputs(form: CompletionForm) -> list[Block]:
    blocks = []
    if form.outcomes:
        options = [option(outcome.label, outcome.key) for outcome in form.outcomes]
        blocks.append(input_block(InputId.OUTCOME, "How did it end?", radio_buttons(options)))
    blocks += [_question_input(asked) for asked in form.questions]
    if form.artefact:
        blocks.append(_artefact_input(form.artefact, form.artefact_so_far))
    if why := [outcome.label for outcome in form.outcomes if outcome.asks_why]:
        hint = f"Needed for: {', '.join(why)}."
        blocks.append(input_block(InputId.REASON, REASON_LABEL, text_input(multiline=True), hint=hint, optional=True))
    return blocks


def _artefact_input(artefact: Artefact, so_far: str | None) -> Block:
    is_link = artefact.type == "link"
    element = text_input(so_far, multiline=not is_link, placeholder="https://…" if is_link else None)
    return input_block(InputId.ARTEFACT, artefact.label, element)


def _question_input(asked: AskedQuestion) -> Block:
    question = asked.question
    return input_block(
        answer_input(question.key),
        question.label,
        _element(asked),
        hint=" ".join(part for part in (question.hint, asked.source) if part) or None,
        optional=not question.required,
    )


def _element(asked: AskedQuestion) -> Block:
    question = asked.question
    match question.type:
        case AnswerType.DATE:
            return date_picker(asked.prefill)
        case AnswerType.YES_NO:
            return _choice(["Yes", "No"], asked.prefill)
        case AnswerType.CHOICE:
            return _choice(question.options, asked.prefill)
        case AnswerType.LINK:
            return text_input(asked.prefill, placeholder="https://…")
        case _:
            return text_input(asked.prefill, multiline=question.type is AnswerType.LONG_TEXT)


def _choice(choices: list[str], prefill: str | None) -> Block:
    options = [option(choice, choice) for choice in choices]
    if len(options) > RADIO_OPTIONS:
        return static_select(options, placeholder="Choose one")
    return radio_buttons(options, initial=next((o for o in options if o["value"] == prefill), None))
