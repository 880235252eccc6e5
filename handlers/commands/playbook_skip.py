"""/playbook skip KEY ACCOUNT: leave out one round of a playbook that recurs."""

from bot.engine.rounds import require_recurring
from bot.errors import InvalidInput
from bot.reports.playbooks import find_playbook
from bot.slack.incoming import first_word
from bot.slack.payloads import SkipRound
from bot.slack.round_modal import build_skip_modal
from handlers.accounts import account_named
from handlers.call import CommandCall

USAGE = "Say which playbook and which account: `/playbook skip monthly-check-in acme`."


async def skip_playbook(call: CommandCall, text: str) -> None:
    """Ask why. Which round is meant, the engine finds out when the form comes back."""
    key, name = first_word(text)
    if not key or not name:
        raise InvalidInput(USAGE)
    playbook = find_playbook(call.services.library, key)
    account = await account_named(call, name)
    require_recurring(playbook, account.key)
    form = SkipRound(account=account.id, playbook=playbook.key)
    await call.open_modal(build_skip_modal(form, playbook.title, account.name))
