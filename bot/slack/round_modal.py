"""The modal that asks why a round of a recurring playbook is skipped."""

from bot.slack.blocks import Block, context, input_block, modal, text_input
from bot.slack.ids import CallbackId, InputId
from bot.slack.payloads import SkipRound
from bot.slack.text import label


def build_skip_modal(form: SkipRound, playbook: str, account: str) -> Block:
    reason = text_input(multiline=True, placeholder="They are on holiday this month.")
    return modal(
        "Skip a round",
        [
            context(f"*{label(playbook, 150)}*  ·  {label(account)}"),
            context("The round that is under way is called off; when none is, the next one does not start."),
            input_block(InputId.REASON, "Why skip it?", reason),
        ],
        callback_id=CallbackId.ROUND_SKIP,
        submit="Skip",
        metadata=form.pack(),
    )
