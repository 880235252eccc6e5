"""Asking which account a reply in a thread is about, when the message above shows several."""

from collections.abc import Sequence

from bot.slack.blocks import Message, actions, option, section, static_select
from bot.slack.ids import ActionId
from bot.slack.limits import SELECT_OPTIONS
from bot.slack.payloads import ThreadNote

QUESTION = "Which account is your reply about? I will keep it there as a note."


def build_account_question(choices: Sequence[tuple[str, ThreadNote]]) -> Message:
    """Each choice is an account's name and the note it would become."""
    options = [option(name, note.pack()) for name, note in choices[:SELECT_OPTIONS]]
    select = static_select(options, placeholder="An account", action_id=ActionId.THREAD_NOTE_ACCOUNT)
    return Message(QUESTION, [section(QUESTION), actions("thread_note", select)])
