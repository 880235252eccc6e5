"""What a click that opens a modal begins with: the step as it is now."""

from bot.db import reading_session
from bot.engine.freshness import require_unfinished
from bot.reports.step_forms import head_of, load_step
from bot.slack.payloads import StepRef
from bot.slack.step_modals import StepHead
from handlers.call import ActionCall


async def open_step_head(call: ActionCall, ref: StepRef) -> StepHead:
    """The head of the step's modal. Raises WrongState, saying who finished it, when there is nothing left to do."""
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, call.services.library, ref.step)
        await require_unfinished(session, found.step, call.now)
    return head_of(found, ref.place)
