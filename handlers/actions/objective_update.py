from bot.db import reading_session
from bot.reports.objective_forms import load_objective_form
from bot.slack.objective_modals import build_update_objective_modal
from bot.slack.payloads import ObjectiveRef, unpack
from handlers.call import ActionCall


async def handle_objective_update(call: ActionCall) -> None:
    """The modal shows the objective as it is now, however old the message is; what changes from here on is told."""
    ref = unpack(ObjectiveRef, call.chosen)
    async with call.services.database.reading() as connection:
        form, revision = await load_objective_form(reading_session(connection), ref.objective)
    current = ObjectiveRef(objective=ref.objective, revision=revision)
    await call.open_modal(build_update_objective_modal(form, current))
