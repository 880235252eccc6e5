from bot.engine.retrospectives import Lesson, hold_retrospective
from bot.slack.ids import InputId
from bot.slack.payloads import EscalationRef, unpack
from handlers.call import ViewCall


async def handle_retrospective_form(call: ViewCall) -> None:
    ref = unpack(EscalationRef, call.metadata)
    form = call.form
    lesson = Lesson(
        happened=form.text(InputId.HAPPENED) or "",
        cause=form.text(InputId.CAUSE) or "",
        change=form.text(InputId.CHANGE) or "",
        playbook_key=form.chosen(InputId.PLAYBOOK),
    )
    async with call.changing() as session:
        await hold_retrospective(session, ref.escalation, call.actor, call.now, lesson)
