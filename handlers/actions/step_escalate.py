from bot.db import reading_session
from bot.reports.escalation import load_targets
from bot.reports.step_forms import load_step
from bot.slack.escalate_modals import build_escalate_modal
from bot.slack.payloads import EscalateForm, StepRef, unpack
from handlers.call import ActionCall


async def handle_step_escalate(call: ActionCall) -> None:
    """Help can be called for whatever the step's state: a finished one may be why."""
    ref = unpack(StepRef, call.chosen)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, ref.step)
        targets = await load_targets(session, found.account, call.actor, found.step)
    form = EscalateForm(account=found.account.id, step=ref.step)
    await call.open_modal(build_escalate_modal(form, found.account.name, targets, found.step.title))
