from bot.engine.objectives import update_objective
from bot.slack.payloads import ObjectiveRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall
from handlers.objective_fields import entered_objective


async def handle_objective_update_form(call: ViewCall) -> None:
    ref, fields = unpack(ObjectiveRef, call.metadata), entered_objective(call.form)
    async with call.changing() as session:
        objective, changed = await update_objective(
            session, ref.objective, fields, call.actor, call.now, seen=ref.revision
        )
    title = label(objective.title, 300)
    await call.say(f"Saved “{title}” ({objective.status})." if changed else f"Nothing was different on “{title}”.")
