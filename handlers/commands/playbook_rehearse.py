"""/playbook rehearse KEY ACCOUNT: what would happen, without anything happening."""

from bot.errors import InvalidInput
from bot.slack.blocks import Message
from bot.slack.incoming import first_word
from bot.slack.text import label
from handlers.accounts import account_named
from handlers.call import CommandCall
from handlers.patience import answer_in_time
from handlers.rehearsing import playbook_to_rehearse, rehearsal_page, require_rehearsable

USAGE = "Say which playbook and on which account: `/playbook rehearse basic-onboarding acme`."


async def rehearse_playbook(call: CommandCall, text: str) -> None:
    key, name = first_word(text)
    if not key or not name:
        raise InvalidInput(USAGE)
    playbook = playbook_to_rehearse(call, key)
    account = await account_named(call, name)
    await require_rehearsable(call, account.id)

    async def at_once(message: Message) -> None:
        await call.say(message.text, message.blocks)

    async def meanwhile() -> None:
        await call.say(f"Rehearsing {label(playbook.title)} on {label(account.name)}. It comes here in a moment.")

    await answer_in_time(call, rehearsal_page(call, playbook, account.id), at_once, meanwhile)
