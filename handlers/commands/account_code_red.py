"""/account code-red: the worst case, called in one line or in a small form."""

from bot.slack.code_red import build_code_red_modal
from bot.slack.payloads import AccountRef
from bot.slack.text import plain
from handlers.call import CommandCall
from handlers.code_red import call_code_red_on
from handlers.commands.subcommand import account_and_rest


async def call_code_red(call: CommandCall, text: str) -> None:
    account, what = await account_and_rest(call, text, "code-red")
    if not what:
        await call.open_modal(build_code_red_modal(AccountRef(account=account.id), account.name))
        return
    await call.say(plain(await call_code_red_on(call, account.id, what)))
