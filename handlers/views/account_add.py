from bot.engine.accounts import AccountDraft, add_account, check, slug
from bot.slack.ids import InputId
from bot.slack.text import label
from handlers.account_fields import entered_fields
from handlers.call import ViewCall


async def handle_account_add_form(call: ViewCall) -> None:
    fields = entered_fields(call.form)
    key = call.form.text(InputId.ACCOUNT_KEY) or slug(fields["name"])
    draft: AccountDraft = check(AccountDraft, fields | {"key": key})
    async with call.changing() as session:
        account = await add_account(session, call.services.library, draft, call.actor, call.now)
    journey = call.services.library.journeys.get(account.journey or "")
    served = f"{account.segment}, {account.touch} touch" + (f", on {label(journey.title)}" if journey else "")
    await call.say(f"*{label(account.name)}* is added: {served}. `/account show {account.key}` shows its card and why.")
