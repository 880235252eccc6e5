from bot.engine.accounts import ContactDraft, check, save_contact
from bot.slack.ids import InputId
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_account_contact_form(call: ViewCall) -> None:
    ref, form = unpack(AccountRef, call.metadata), call.form
    entered = {
        "name": form.text(InputId.ACCOUNT_NAME) or "",
        "email": form.text(InputId.EMAIL) or "",
        "title": form.text(InputId.CONTACT_TITLE),
        "roles": form.choices(InputId.CONTACT_ROLES),
    }
    draft: ContactDraft = check(ContactDraft, entered)
    async with call.changing() as session:
        contact = await save_contact(session, call.services.library, ref.account, draft, call.actor, call.now)
    roles = f" ({', '.join(contact.roles).replace('_', ' ')})" if contact.roles else ""
    await call.say(f"Saved {label(contact.name)}, {label(contact.email)}{roles}.")
