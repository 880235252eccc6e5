"""/playbook start KEY all:SEGMENT: one playbook on many accounts, for leaders, once they have seen how many."""

from bot.engine.bulk import count_matching, require_may_start_many, segment_condition
from bot.errors import InvalidInput
from bot.library.nearness import unknown_name
from bot.library.schema import Playbook
from bot.slack.bulk_view import build_bulk_question
from handlers.call import CommandCall

ALL = "all:"


async def ask_bulk(call: CommandCall, playbook: Playbook, segment: str) -> None:
    """Say how many accounts it is about, with a button that starts it."""
    require_may_start_many(call.actor, playbook)
    titles = call.services.library.segments.titles
    if segment not in titles:
        example = f"/playbook start {playbook.key} all:{next(iter(titles))}"
        raise InvalidInput(f"{unknown_name('segment', segment, titles)}. For example: `{example}`.")
    async with call.services.database.reading() as reader:
        found = await count_matching(reader, playbook, segment_condition(segment), call.now)
    if found.accounts == found.running:
        where = (
            f"There are no accounts in {titles[segment]}"
            if not found.accounts
            else f"{playbook.title} is under way on all {found.accounts} accounts in {titles[segment]}"
        )
        raise InvalidInput(f"{where}, so there is nothing to start.")
    message = build_bulk_question(
        playbook.key, playbook.title, segment, titles[segment], found.accounts, found.running, found.keys
    )
    await call.say(message.text, message.blocks)
