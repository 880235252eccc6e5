"""The modals behind an alert's answers: not now, and wrong data."""

from dataclasses import dataclass

from bot.slack.blocks import Block, context, input_block, modal, option, radio_buttons, text_input
from bot.slack.ids import CallbackId, InputId
from bot.slack.payloads import AlertRef
from bot.slack.text import fit, label

RESTS = {7: "1 week", 14: "2 weeks", 30: "1 month"}  # in days


@dataclass(frozen=True, slots=True)
class AlertHead:
    """What a modal says about the alert it is for."""

    ref: AlertRef
    account: str
    title: str
    why: str


def build_not_now_modal(head: AlertHead) -> Block:
    reason = text_input(multiline=True, placeholder="They moved offices this month; usage comes back in April.")
    rests = [option(words, str(days)) for days, words in RESTS.items()]
    return modal(
        "Not now",
        [
            _head(head),
            input_block(InputId.REASON, "Why not now?", reason, hint="It is kept on the account's timeline."),
            input_block(InputId.UNTIL, "Keep quiet about this for", radio_buttons(rests, initial=rests[0])),
        ],
        callback_id=CallbackId.ALERT_NOT_NOW,
        submit="Not now",
        metadata=head.ref.pack(),
    )


def build_wrong_data_modal(head: AlertHead) -> Block:
    reason = text_input(multiline=True, placeholder="They renamed their workspace; usage counts under the new name.")
    hint = "Whoever mends the data hears of it. This alert rests until the data say something else, 30 days at most."
    return modal(
        "Wrong data",
        [_head(head), input_block(InputId.REASON, "What is wrong with the data?", reason, hint=hint)],
        callback_id=CallbackId.ALERT_WRONG_DATA,
        submit="Send",
        metadata=head.ref.pack(),
    )


def _head(head: AlertHead) -> Block:
    return context(f"*{label(head.account)}*: {label(head.title, 200)}  ·  {fit(head.why, 600)}")
