"""/playbook: find the sub-command, and hand over."""

from collections.abc import Awaitable, Callable, Mapping

from bot.db import reading_session
from bot.errors import InvalidInput
from bot.reports.agenda import load_agenda
from bot.reports.playbooks import nearest
from bot.reports.shelf import load_shelf
from bot.slack.agenda import build_today_message
from bot.slack.incoming import first_word
from bot.slack.playbook_list import build_playbook_list
from bot.slack.playbook_views import HELP
from handlers.call import CommandCall
from handlers.commands.outreach import show_own_outreach
from handlers.commands.playbook_assets import show_assets
from handlers.commands.playbook_drift import show_drift
from handlers.commands.playbook_exemptions import exempt_account, list_exemptions
from handlers.commands.playbook_grid import show_coverage, show_grid
from handlers.commands.playbook_guardrails import show_guardrails
from handlers.commands.playbook_rehearse import rehearse_playbook
from handlers.commands.playbook_report import show_report
from handlers.commands.playbook_review import show_review
from handlers.commands.playbook_rules import show_rules
from handlers.commands.playbook_runs import cancel_playbook, pause_playbook, resume_playbook
from handlers.commands.playbook_skip import skip_playbook
from handlers.commands.playbook_start import start_playbook
from handlers.commands.playbook_suggestions import show_suggestions, suggest_change
from handlers.commands.playbook_tasks import show_tasks
from handlers.commands.playbook_team import show_team
from handlers.commands.playbook_trouble import show_bottlenecks, show_gaps
from handlers.commands.playbook_variants import diff_for_account, show_playbook
from handlers.commands.playbook_versions import diff_of_draft, move_playbook, show_history, turn_off, turn_on


async def handle_playbook(call: CommandCall) -> None:
    word, rest = first_word(call.text)
    subcommand = SUBCOMMANDS.get(word.lower() or "help")
    if subcommand is None:
        near = nearest(word, SUBCOMMANDS)
        meant = f"Did you mean `/playbook {near}`?" if near else "`/playbook help` shows what there is."
        raise InvalidInput(f"There is no `/playbook {word[:40]}`. {meant}")
    async with call.services.database.glance() as reader:  # what was decided in another process counts here at once
        await call.services.library.refresh(reader)
    await subcommand(call, rest)


async def show_today(call: CommandCall, _: str) -> None:
    async with call.services.database.reading() as connection:
        agenda = await load_agenda(reading_session(connection), call.services.library, call.actor, call.now)
    message = build_today_message(agenda)
    await call.say(message.text, message.blocks)


async def list_playbooks(call: CommandCall, text: str) -> None:
    message = build_playbook_list(load_shelf(call.services.library, text, leads=call.actor.leads))
    await call.say(message.text, message.blocks)


async def diff_playbook(call: CommandCall, text: str) -> None:
    """`diff KEY ACCOUNT` is about what overlays change there, `diff KEY [PAGE]` about a change that waits."""
    _, account_or_page = first_word(text)
    is_for_account = account_or_page and not account_or_page.isdecimal()
    await (diff_for_account(call, text) if is_for_account else diff_of_draft(call, text))


async def show_help(call: CommandCall, _: str) -> None:
    await call.say(HELP)


SUBCOMMANDS: Mapping[str, Callable[[CommandCall, str], Awaitable[None]]] = {
    "today": show_today,
    "team": show_team,
    "list": list_playbooks,
    "show": show_playbook,
    "diff": diff_playbook,
    "rehearse": rehearse_playbook,
    "start": start_playbook,
    "pause": pause_playbook,
    "resume": resume_playbook,
    "skip": skip_playbook,
    "cancel": cancel_playbook,
    "on": turn_on,
    "off": turn_off,
    "history": show_history,
    "move": move_playbook,
    "exempt": exempt_account,
    "exemptions": list_exemptions,
    "suggest": suggest_change,
    "suggestions": show_suggestions,
    "report": show_report,
    "grid": show_grid,
    "coverage": show_coverage,
    "bottlenecks": show_bottlenecks,
    "gaps": show_gaps,
    "drift": show_drift,
    "review": show_review,
    "assets": show_assets,
    "guardrails": show_guardrails,
    "rules": show_rules,
    "tasks": show_tasks,
    "outreach": show_own_outreach,
    "help": show_help,
}
