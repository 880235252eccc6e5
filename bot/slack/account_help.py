"""How to use `/account`: the answer to `/account help`, and what is said when something is missing."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack.blocks import Message, context, section


@dataclass(frozen=True, slots=True)
class Usage:
    arguments: str
    purpose: str
    example: str


USAGES: Mapping[str, Usage] = {
    "health": Usage("ACCOUNT", "why an account is as it is, what moved, what is open", "acme"),
    "metrics": Usage("ACCOUNT [PAGE]", "every number that is measured, with its trend, age and definition", "acme"),
    "show": Usage("ACCOUNT", "the account card: team, dates, contacts, milestones, playbooks", "acme"),
    "timeline": Usage("ACCOUNT [PAGE]", "what happened, newest first", "acme 2"),
    "chart": Usage("ACCOUNT", "pictures of its health and its timeline, sent to you", "acme"),
    "list": Usage("[all] [PAGE]", "your accounts, those that need attention first", ""),
    "alerts": Usage("[ACCOUNT | all]", "what the data say somebody should decide about", "acme"),
    "note": Usage("ACCOUNT [TEXT]", "write something down", "acme Jane is back from leave"),
    "sentiment": Usage("ACCOUNT [green|yellow|red WHY]", "how it feels, with its history", "acme yellow sponsor left"),
    "milestone": Usage(
        "ACCOUNT NAME reached|planned|missed [DATE] [WHY]", "key moments", "acme go-live planned 2026-12-01"
    ),
    "contact": Usage(
        "ACCOUNT NAME EMAIL [ROLES] [nps SCORE] [advocate [candidate|declined]]",
        "add or change a person",
        "acme Jane Doe jane@acme.com champion advocate",
    ),
    "outreach": Usage("ACCOUNT", "what is about to reach them, and what clashes", "acme"),
    "plan": Usage(
        "ACCOUNT [PAGE | add TITLE; MEASURE; TARGET; DATE]",
        "what they want to achieve, and how far it is",
        "acme add Close faster; days to close the month; 3; 2027-03-31",
    ),
    "advocates": Usage("ACCOUNT [PAGE]", "who does us favours, and who may be asked", "acme"),
    "journey": Usage(
        "ACCOUNT [JOURNEY]", "the journey an account is on; with a name, put it on that one", "acme year-1"
    ),
    "exempt": Usage("ACCOUNT [end]", "ask that it may leave its stage though the gate is not met", "acme"),
    "code-red": Usage("ACCOUNT [WHAT HAPPENED]", "the worst case: call the leaders, start the playbook", "acme"),
    "quarantine": Usage("[PAGE]", "data that came in for accounts nobody here knows", ""),
    "add": Usage("", "add an account", ""),
    "edit": Usage("ACCOUNT", "change dates, people and everything else", "acme"),
}


def usage(subcommand: str) -> str:
    """One line on how to use a sub-command, with an example."""
    about = USAGES[subcommand]
    return (
        f"`{_line(subcommand, about)}` – {about.purpose}. For example: `/account {subcommand} {about.example}`".rstrip()
    )


def build_help(subcommand: str = "") -> Message:
    """All sub-commands, or one in full."""
    if subcommand in USAGES:
        text = usage(subcommand)
        return Message(text, [section(text)])
    lines = [f"`{_line(name, about)}`  {about.purpose}" for name, about in USAGES.items()]
    names = "An account is found by its key, name or domain. A name of several words may stand in quotes."
    return Message("How to use /account", [section("\n".join(["*/account*", *lines])), context(names)])


def _line(name: str, about: Usage) -> str:
    return f"/account {name} {about.arguments}".rstrip()
