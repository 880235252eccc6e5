"""The answer to `/playbook grid`: a table as a code block."""

from bot.slack.blocks import Message, context, section
from bot.slack.tables import Table, code_blocks, text_lines

LINES = 100  # of a table, in one message


def build_grid(table: Table, explanation: str) -> Message:
    title = f"*{table.headings[0].capitalize()} by stage*"
    lines = text_lines(table)
    blocks = [section(title), *code_blocks(lines[:LINES]), context(explanation)]
    if len(lines) > LINES:
        blocks.append(context("There is more: `playcall playbooks grid` prints all of it."))
    return Message("Playbooks by stage", blocks)
