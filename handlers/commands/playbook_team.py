"""/playbook team [ROLE] [PAGE]: the open steps of a role, across accounts."""

from bot.db import reading_session
from bot.errors import InvalidInput
from bot.models import MemberRole
from bot.reports.playbooks import nearest
from bot.reports.team_steps import load_team_steps
from bot.slack.step_card import role_words
from bot.slack.team_steps import build_team_steps
from handlers.call import CommandCall


async def show_team(call: CommandCall, text: str) -> None:
    words = text.split()
    page = int(words.pop()) if words and words[-1].isdecimal() else 1
    role = _role("_".join(words).lower()) if words else call.actor.role
    async with call.services.database.reading() as connection:
        steps = await load_team_steps(reading_session(connection), role, call.actor, call.now, page)
    message = build_team_steps(steps)
    await call.say(message.text, message.blocks)


def _role(word: str) -> MemberRole:
    roles = {role.value: role for role in MemberRole}
    if word in roles:
        return roles[word]
    near = nearest(word, roles)
    meant = f"Did you mean `{near}`?" if near else f"There are {', '.join(role_words(role) for role in MemberRole)}."
    raise InvalidInput(f"“{word[:40]}” is not a role. {meant}")
