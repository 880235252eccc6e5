"""A playbook as the overlays shape it for an account."""

from datetime import date

from bot.engine.state import Team
from bot.library.facts import overlay_facts
from bot.library.library import Library
from bot.library.resolving import Resolved
from bot.library.schema import Playbook
from bot.models import Account


def shape_for(library: Library, playbook: Playbook, account: Account, team: Team, today: date) -> Resolved:
    """`today` is the day it is for the account's CSM; conditions may count days from it."""
    roles = [role for role in team.roles if team.in_role(role)]
    return library.resolve(playbook, overlay_facts(account, roles, today))
