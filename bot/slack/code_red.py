"""Code red: the form that calls it, and what is answered."""

from bot.slack.blocks import Block, context, input_block, modal, text_input
from bot.slack.ids import CallbackId, InputId
from bot.slack.payloads import AccountRef
from bot.slack.text import label


def build_code_red_modal(ref: AccountRef, account: str) -> Block:
    what = text_input(multiline=True, placeholder="Nobody there can log in since 9:10. Their COO has called twice.")
    head = (
        f"*{label(account)}*: the customer cannot work, threatens to leave, or their board has heard of it. A leader "
        "is called at once, the playbook for it starts, and no email goes to them by itself until it is resolved."
    )
    return modal(
        "Code red",
        [context(head), input_block(InputId.ASK, "What has happened, since when?", what)],
        callback_id=CallbackId.CODE_RED,
        submit="Call code red",
        metadata=ref.pack(),
    )


def called_words(owner: str, playbook: str | None, why_not: str | None) -> str:
    """Plain text. `playbook` is the title of what has started; without it `why_not` says why."""
    asked = f"Code red is called. {owner} is asked to take it, and the leaders' channel knows."
    if playbook:
        return f"{asked} {playbook} has started: your first steps come to you now. Write news into the thread."
    return f"{asked} The playbook was not started: {why_not} Write news into the thread."
