"""Small wordings that use cases share."""

from datetime import datetime, timedelta

from bot.engine.state import RunState
from bot.library.rendering import render_text
from bot.library.schema import EscalationCall
from bot.library.tags import build_context


def ago(then: datetime, now: datetime) -> str:
    """How long since, for a sentence: “just now”, “5 minutes ago”, “on 3 Mar”."""
    passed = now - then
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return _count(passed // timedelta(minutes=1), "minute")
    if passed < timedelta(days=1):
        return _count(passed // timedelta(hours=1), "hour")
    return f"on {then.day} {then:%b}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def escalation_words(call: EscalationCall, state: RunState) -> str:
    """What an escalation step asks for, with its merge tags filled in; one without a value is left as a marked hole."""
    members = {role: member for role in state.team.roles if (member := state.team.in_role(role))}
    context = build_context(
        account=state.account,
        today=state.run.started_on,
        members=members,
        run=state.run,
        playbook_title=state.playbook.title,
        steps=state.steps,
    )
    return render_text(call.ask, context)
