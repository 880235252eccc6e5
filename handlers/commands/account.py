"""/account: find the sub-command, and hand over."""

from bot.errors import InvalidInput
from bot.reports.playbooks import nearest
from bot.slack.account_help import USAGES, build_help
from bot.slack.incoming import as_typed, first_word
from bot.slack.text import shorten, unformatted
from handlers.call import CommandCall
from handlers.commands.account_alerts import show_alerts
from handlers.commands.account_changing import add_milestone, log_note, log_sentiment, save_contact
from handlers.commands.account_code_red import call_code_red
from handlers.commands.account_forms import open_add_form, open_edit_form
from handlers.commands.account_journey import account_journey, exempt_from_gate
from handlers.commands.account_quarantine import show_quarantine
from handlers.commands.account_showing import (
    list_accounts,
    show_card,
    show_chart,
    show_health,
    show_metrics,
    show_timeline,
)
from handlers.commands.account_success import show_advocates, show_or_extend_plan
from handlers.commands.outreach import show_account_outreach
from handlers.commands.subcommand import Subcommand

SUBCOMMANDS: dict[str, Subcommand] = {
    "health": show_health,
    "metrics": show_metrics,
    "show": show_card,
    "timeline": show_timeline,
    "chart": show_chart,
    "list": list_accounts,
    "alerts": show_alerts,
    "note": log_note,
    "sentiment": log_sentiment,
    "milestone": add_milestone,
    "contact": save_contact,
    "outreach": show_account_outreach,
    "journey": account_journey,
    "plan": show_or_extend_plan,
    "advocates": show_advocates,
    "exempt": exempt_from_gate,
    "code-red": call_code_red,
    "quarantine": show_quarantine,
    "add": open_add_form,
    "edit": open_edit_form,
}


async def handle_account(call: CommandCall) -> None:
    word, rest = first_word(as_typed(call.text))
    name = word.lower()
    if name in SUBCOMMANDS:
        await SUBCOMMANDS[name](call, rest)
    elif name in {"", "help"}:
        help_ = build_help(rest.lower())
        await call.say(help_.text, help_.blocks)
    else:
        raise InvalidInput(_unknown(word))


def _unknown(word: str) -> str:
    near = nearest(word, USAGES)
    meant = f"Did you mean `/account {near}`?" if near else "`/account help` shows what there is."
    return f"There is no `/account {unformatted(shorten(word, 40))}`. {meant}"
