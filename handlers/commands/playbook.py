"""/playbook: find the sub-command, and hand over."""

from collections.abc import Awaitable, Callable, Mapping

from bot.db import reading_session
from bot.errors import InvalidInput
from bot.reports.agenda import load_agenda
from bot.reports.playbooks import nearest
from bot.slack.agenda import build_today_message
from bot.slack.incoming import first_word
from bot.slack.playbook_views import HELP, build_playbook_list
from handlers.call import CommandCall
from handlers.commands.playbook_runs import cancel_playbook, pause_playbook, resume_playbook
from handlers.commands.playbook_start import start_playbook
from handlers.commands.playbook_variants import diff_playbook, show_playbook


async def handle_playbook(call: CommandCall) -> None:
    word, rest = first_word(call.text)
    subcommand = SUBCOMMANDS.get(word.lower() or "help")
    if subcommand is None:
        near = nearest(word, SUBCOMMANDS)
        meant = f"Did you mean `/playbook {near}`?" if near else "`/playbook help` shows what there is."
        raise InvalidInput(f"There is no `/playbook {word[:40]}`. {meant}")
    await subcommand(call, rest)


async def show_today(call: CommandCall, _: str) -> None:
    async with call.services.database.reading() as connection:
        agenda = await load_agenda(reading_session(connection), call.services.library, call.actor, call.now)
    message = build_today_message(agenda)
    await call.say(message.text, message.blocks)


async def list_playbooks(call: CommandCall, _: str) -> None:
    """Leaders also see which files have mistakes: they are the ones who write them."""
    catalog = call.services.library.catalog
    message = build_playbook_list(list(catalog.playbooks.values()), catalog.problems if call.actor.leads else ())
    await call.say(message.text, message.blocks)


async def show_help(call: CommandCall, _: str) -> None:
    await call.say(HELP)


SUBCOMMANDS: Mapping[str, Callable[[CommandCall, str], Awaitable[None]]] = {
    "today": show_today,
    "list": list_playbooks,
    "show": show_playbook,
    "diff": diff_playbook,
    "start": start_playbook,
    "pause": pause_playbook,
    "resume": resume_playbook,
    "cancel": cancel_playbook,
    "help": show_help,
}
