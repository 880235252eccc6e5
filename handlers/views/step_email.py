from bot.engine.emails import send_step_email
from bot.engine.freshness import require_unchanged
from bot.engine.steps import complete_step
from bot.reports.email_draft import write_mails
from bot.slack.ids import InputId
from bot.slack.payloads import EmailForm, unpack
from handlers.call import ViewCall
from handlers.step_answers import answer_form
from handlers.views.step_complete import read_completion


async def handle_step_email_form(call: ViewCall) -> None:
    """Send the mail and complete the step; or complete it only, for a mail that was sent some other way."""
    ref = unpack(EmailForm, call.metadata)
    library, form = call.services.library, call.form
    completion = read_completion(form)
    async with call.changing() as session:
        await require_unchanged(session, ref.step, ref.revision, call.now)
        if form.checked(InputId.SENT_MYSELF):
            change = await complete_step(session, library, ref.step, call.actor, call.now, completion)
        else:
            chosen = form.chosen(InputId.EMAIL_TO)
            mails = await write_mails(
                session,
                library,
                ref.step,
                call.now,
                to=int(chosen) if chosen else ref.to,
                subject=form.text(InputId.EMAIL_SUBJECT) or "",
                body=form.text(InputId.EMAIL_BODY) or "",
            )
            change = await send_step_email(session, library, ref.step, call.actor, call.now, mails, completion)
    await answer_form(call, ref, change)
