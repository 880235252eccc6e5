from bot.slack.ids import InputId
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import plain
from handlers.call import ViewCall
from handlers.code_red import call_code_red_on


async def handle_code_red_form(call: ViewCall) -> None:
    ref = unpack(AccountRef, call.metadata)
    await call.say(plain(await call_code_red_on(call, ref.account, call.form.text(InputId.ASK) or "")))
