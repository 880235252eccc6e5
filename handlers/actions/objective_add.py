from bot.db import reading_session
from bot.reports.objective_forms import load_new_objective_form
from bot.slack.objective_modals import build_add_objective_modal
from bot.slack.payloads import AccountRef, unpack
from handlers.call import ActionCall


async def handle_objective_add(call: ActionCall) -> None:
    ref = unpack(AccountRef, call.chosen)
    async with call.services.database.reading() as connection:
        form = await load_new_objective_form(reading_session(connection), ref.account)
    await call.open_modal(build_add_objective_modal(form, ref))
