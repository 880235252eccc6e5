from datetime import date

from bot.engine.freshness import require_unchanged
from bot.engine.steps import snooze_step
from bot.errors import InvalidInput
from bot.slack.ids import InputId
from bot.slack.payloads import StepRef, unpack
from handlers.call import ViewCall
from handlers.form import Form
from handlers.step_answers import answer_form


async def handle_step_snooze_form(call: ViewCall) -> None:
    ref = unpack(StepRef, call.metadata)
    until = chosen_day(call.form)
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        change = await snooze_step(session, call.services.library, ref.step, call.actor, call.now, until=until)
    await answer_form(call, ref, change)


def chosen_day(form: Form) -> date:
    """The date that was picked, else the quick choice."""
    if picked := form.day(InputId.UNTIL):
        return picked
    if quick := form.chosen(InputId.QUICK_DATE):
        return date.fromisoformat(quick)
    raise InvalidInput("Choose one of these, or pick a date below.", field=InputId.QUICK_DATE)
