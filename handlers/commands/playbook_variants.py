"""/playbook show KEY [ACCOUNT] and diff KEY ACCOUNT: a playbook as it is written, and as it is for an account."""

from bot.db import reading_session
from bot.errors import InvalidInput, NotFound
from bot.library.schema import Playbook
from bot.reports.playbooks import find_playbook
from bot.reports.variants import Variant, load_variant
from bot.slack.incoming import first_word
from bot.slack.playbook_variant import build_variant, build_variant_diff
from bot.slack.playbook_views import build_playbook_reference
from handlers.accounts import account_named
from handlers.call import CommandCall


async def show_playbook(call: CommandCall, text: str) -> None:
    if not text:
        raise InvalidInput("Say which playbook: `/playbook show KEY`. `/playbook list` shows them all.")
    playbook, name = playbook_and_account(call, text)
    if not name:
        message = build_playbook_reference(playbook, rules=call.services.library.rule_book.about(playbook.key))
    else:
        variant = await variant_for(call, playbook, name)
        message = build_variant(variant.resolved, variant.account, variant.account_key)
    await call.say(message.text, message.blocks)


async def diff_for_account(call: CommandCall, text: str) -> None:
    key, name = first_word(text)
    variant = await variant_for(call, find_playbook(call.services.library, key), name)
    message = build_variant_diff(variant.resolved, variant.account, variant.account_key)
    await call.say(message.text, message.blocks)


def playbook_and_account(call: CommandCall, text: str) -> tuple[Playbook, str]:
    """The playbook that the whole text names, as a title may have several words; else its first word, and the rest."""
    key, name = first_word(text)
    try:
        return find_playbook(call.services.library, text), ""
    except NotFound:
        if not name:
            raise
        return find_playbook(call.services.library, key), name


async def variant_for(call: CommandCall, playbook: Playbook, name: str) -> Variant:
    account = await account_named(call, name)
    async with call.services.database.reading() as connection:
        return await load_variant(reading_session(connection), call.services.library, playbook, account.id, call.now)
