from bot.signals.assigning import assign_reference
from bot.signals.components import counted
from bot.slack.payloads import QuarantineRef, unpack
from bot.slack.text import label
from handlers.accounts import chosen_account
from handlers.call import ViewCall


async def handle_quarantine_assign_form(call: ViewCall) -> None:
    ref = unpack(QuarantineRef, call.metadata)
    account = await chosen_account(call)
    async with call.changing() as session:
        count = await assign_reference(
            session, call.services.library, ref.quarantined, account.id, call.actor, call.now
        )
    await call.say(
        f"{counted(count, 'signal')} assigned to *{label(account.name)}*, and what comes under that name later."
    )
