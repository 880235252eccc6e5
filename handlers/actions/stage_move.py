from bot.engine.accounts import edit_account
from bot.slack.account_edited import build_edited_words
from bot.slack.payloads import StageMove, unpack
from handlers.call import ActionCall


async def handle_stage_move(call: ActionCall) -> None:
    """Move an account whose move had to wait. What is still missing is said."""
    move = unpack(StageMove, call.chosen)
    async with call.changing() as session:
        edit = await edit_account(
            session, call.services.library, move.account, {"stage": move.stage}, call.actor, call.now
        )
    await call.say(build_edited_words(edit.account.name, edit.changed, edit.sentences))
