from bot.engine.governance.exemptions import request_exemption
from bot.errors import InvalidInput
from bot.slack.ids import InputId
from bot.slack.payloads import ExemptionForm, unpack
from bot.slack.text import plain
from handlers.call import ViewCall


async def handle_exemption_request_form(call: ViewCall) -> None:
    form = unpack(ExemptionForm, call.metadata)
    until = call.form.day(InputId.UNTIL)
    if until is None:
        raise InvalidInput("Choose the last day of the exemption.", field=InputId.UNTIL)
    async with call.changing() as session:
        change = await request_exemption(
            session,
            call.services.library,
            form.account,
            call.actor,
            call.now,
            reason=call.form.text(InputId.REASON) or "",
            until=until,
            playbook_key=form.playbook,
            stage=form.stage,
        )
    await call.say(plain(change.sentence))
