from bot.engine.accounts import edit_account
from bot.slack.account_edited import build_edited_words
from bot.slack.payloads import AccountEditForm, unpack
from handlers.account_fields import entered_fields
from handlers.call import ViewCall


async def handle_account_edit_form(call: ViewCall) -> None:
    ref = unpack(AccountEditForm, call.metadata)
    fields = entered_fields(call.form)
    async with call.changing() as session:
        edit = await edit_account(
            session, call.services.library, ref.account, fields, call.actor, call.now, seen=ref.updated_at
        )
    await call.say(build_edited_words(edit.account.name, edit.changed, edit.sentences))
