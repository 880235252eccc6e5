from bot.engine.journeys.joining import confirm_met
from bot.slack.ids import InputId
from bot.slack.payloads import AccountRef, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_journey_confirm_form(call: ViewCall) -> None:
    account_id = unpack(AccountRef, call.metadata).account
    ticked = [
        int(value)
        for block_id in call.form.block_ids
        if block_id.startswith(InputId.MET_MILESTONES)
        for value in call.form.choices(block_id)
    ]
    async with call.changing() as session:
        confirmed = await confirm_met(session, call.services.library, account_id, ticked, call.actor, call.now)
    names = ", ".join(label(title) for title in confirmed)
    await call.say(f"Confirmed as reached: {names}." if confirmed else "Nothing was ticked, so nothing changed.")
