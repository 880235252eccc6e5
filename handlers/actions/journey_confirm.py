from bot.db import reading_session
from bot.errors import WrongState
from bot.reports.journey import load_proposal_rows
from bot.slack.journey_view import build_confirm_modal
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall


async def handle_journey_confirm(call: ActionCall) -> None:
    """Ask which milestones an account that joined in the middle has reached already."""
    account_id = unpack(AccountRef, call.chosen).account
    async with call.services.database.reading() as connection:
        name, proposals = await load_proposal_rows(
            reading_session(connection), call.services.library, account_id, call.now
        )
    if not proposals:
        raise WrongState(f"There is nothing left to confirm on {name}.")
    await call.open_modal(build_confirm_modal(account_id, name, proposals))
