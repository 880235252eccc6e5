from bot.engine.objectives import add_objective
from bot.reports.account_head import load_head
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall
from handlers.objective_fields import entered_objective


async def handle_objective_add_form(call: ViewCall) -> None:
    ref = unpack(AccountRef, call.metadata)
    async with call.services.database.glance() as reader:
        account = await load_head(reader, ref.account)
    async with call.changing() as session:
        objective = await add_objective(session, account.id, entered_objective(call.form), call.actor, call.now)
    await call.say(f"Added “{label(objective.title, 300)}”. `/account plan {account.key}` shows the plan.")
