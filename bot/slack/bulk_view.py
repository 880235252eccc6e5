"""The question before a playbook starts on many accounts."""

from collections.abc import Sequence

from bot.slack.blocks import Message, actions, button, context, section
from bot.slack.ids import ActionId
from bot.slack.payloads import BulkStart
from bot.slack.text import label


def build_bulk_question(
    playbook: str, title: str, segment: str, segment_title: str, accounts: int, running: int, keys: Sequence[str]
) -> Message:
    number = accounts - running
    what = "1 account" if number == 1 else f"{number:,} accounts"
    text = f"Start {label(title)} on {what} in {label(segment_title)}?"
    already = f" On {running:,} more it is under way already: they are left alone." if running else ""
    named = ", ".join(label(key, 40) for key in keys)
    more = f" and {number - len(keys):,} more" if number > len(keys) else ""
    return Message(
        text,
        [
            section(f"*{text}*{already}"),
            context(f"{named}{more}"),
            actions(
                f"bulk:{playbook}:{segment}",
                button(
                    f"Start on {what}",
                    ActionId.BULK_START,
                    BulkStart(playbook=playbook, segment=segment).pack(),
                    style="primary",
                ),
            ),
        ],
    )
