"""Small wordings that use cases share."""

from datetime import date, datetime, timedelta

from bot.engine.raising import ASK_LENGTH
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


def escalation_words(call: EscalationCall, state: RunState, today: date) -> str:
    """The ask with its merge tags filled in, as plain text: it is escaped where it is shown."""
    team = state.team
    context = build_context(
        account=state.account,
        today=today,
        members={role: member for role in team.roles if (member := team.in_role(role))},
        sender=team.csm,
        run=state.run,
        playbook_title=state.playbook.title,
        steps=state.steps,
    )
    return render_text(call.ask, context)[:ASK_LENGTH]
