from dataclasses import replace

from bot.db import reading_session
from bot.engine.freshness import require_unfinished
from bot.library.rendering import EmailTemplates
from bot.reports.email_draft import load_email_draft
from bot.reports.outreach import load_cautions
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
        to = [recipient.contact_id for recipient in draft.recipients]
        cautions = await load_cautions(session, library, found, to, call.actor, call.now)
        form = await load_completion_form(session, library, found, call.actor, call.now)
    await call.open_modal(build_email_modal(head_of(found, ref.place), replace(draft, cautions=tuple(cautions)), form))
