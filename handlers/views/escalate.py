from bot.engine.raising import raise_escalation
from bot.errors import InvalidInput
from bot.models import Member, MemberRole, Severity
from bot.slack.ids import InputId
from bot.slack.payloads import EscalateForm, unpack
from bot.slack.text import label
from handlers.call import ViewCall


async def handle_escalate_form(call: ViewCall) -> None:
    about, form = unpack(EscalateForm, call.metadata), call.form
    async with call.changing() as session:
        escalation = await raise_escalation(
            session,
            call.services.library,
            about.account,
            call.actor,
            call.now,
            target=MemberRole(_required(form.chosen(InputId.TARGET), "Choose who should help.", InputId.TARGET)),
            severity=Severity(_required(form.chosen(InputId.SEVERITY), "Choose how serious it is.", InputId.SEVERITY)),
            ask=form.text(InputId.ASK) or "",
            tried=form.text(InputId.TRIED),
            deadline=form.day(InputId.DEADLINE),
            step_id=about.step,
        )
        owner = await session.get_one(Member, escalation.owner_id)
    channel = call.services.settings.escalation_channel
    await call.say(f"{label(owner.name)} has been asked in {_channel_words(channel)}. You will see the answer there.")


def _required(chosen: str | None, words: str, field: InputId) -> str:
    if not chosen:
        raise InvalidInput(words, field=field)
    return chosen


def _channel_words(channel: str) -> str:
    is_id = channel[:1] in {"C", "G"} and channel.isupper()
    return f"<#{channel}>" if is_id else f"#{channel.lstrip('#')}"
