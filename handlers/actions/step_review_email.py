from bot.db import reading_session
from bot.engine.freshness import require_unfinished
from bot.library.rendering import EmailTemplates
from bot.reports.email_draft import load_email_draft
from bot.reports.step_forms import head_of, load_completion_form, load_step
from bot.slack.email_modal import build_email_modal
from bot.slack.payloads import StepRef, unpack
from handlers.call import ActionCall


async def handle_step_review_email(call: ActionCall) -> None:
    ref = unpack(StepRef, call.chosen)
    library = call.services.library
    templates = EmailTemplates(call.services.settings.templates_dir)
    async with call.services.database.reading() as connection:
        session = reading_session(connection)
        found = await load_step(session, library, ref.step)
        await require_unfinished(session, found.step, call.now)
        draft = await load_email_draft(session, library, templates, ref.step, call.actor, call.now)
        form = await load_completion_form(session, call.services.library, found, call.actor, call.now)
    await call.open_modal(build_email_modal(head_of(found, ref.place), draft, form))
