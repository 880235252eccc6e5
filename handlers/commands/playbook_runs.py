"""/playbook pause, resume and cancel KEY ACCOUNT."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from bot.engine.runs import RunChange, cancel_run, pause_run, resume_run
from bot.errors import InvalidInput, NotFound
from bot.reports.playbooks import find_playbook, runs_under_way
from bot.slack.incoming import first_word
from bot.slack.text import plain
from handlers.accounts import account_to_change
from handlers.call import CommandCall

BECAUSE = re.compile(r"\sbecause\s", re.IGNORECASE)
CANCEL_USAGE = "Say why, too: `/playbook cancel KEY ACCOUNT because they changed their mind`."


async def pause_playbook(call: CommandCall, text: str) -> None:
    await change_runs(call, "pause", text, pause_run)


async def resume_playbook(call: CommandCall, text: str) -> None:
    await change_runs(call, "resume", text, resume_run)


async def cancel_playbook(call: CommandCall, text: str) -> None:
    parts = BECAUSE.split(text, maxsplit=1)
    if len(parts) < 2:
        raise InvalidInput(CANCEL_USAGE)
    await change_runs(call, "cancel", parts[0], cancel_run, reason=parts[1].strip())


async def change_runs(
    call: CommandCall, verb: str, text: str, change: Callable[..., Awaitable[RunChange]], **said: Any
) -> None:
    """Change the run of a playbook on an account; of one about contacts, all that are under way there."""
    key, name = first_word(text)
    if not key or not name:
        raise InvalidInput(f"Say which playbook and which account: `/playbook {verb} KEY ACCOUNT`.")
    playbook = find_playbook(call.services.library, key)
    account = await account_to_change(call, name)
    async with call.changing() as session:
        runs = await runs_under_way(session, account.id, playbook.key)
        if not runs:
            raise NotFound(
                f"{playbook.title} is not running on {account.name}. "
                f"Start it with `/playbook start {playbook.key} {account.key}`."
            )
        changes = [await change(session, call.services.library, run.id, call.actor, call.now, **said) for run in runs]
    await call.say("\n".join(plain(made.sentence) for made in changes))
