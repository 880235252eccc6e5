"""Exemptions, for listeners: asking for one, and the owner's answer, which both buttons share."""

from datetime import timedelta

from bot.engine.calendars import local_date
from bot.engine.governance.exemptions import decide_exemption
from bot.engine.permissions import require_may_edit_account
from bot.reports.account_head import AccountHead
from bot.reports.journey import load_gate
from bot.slack.exemption_views import build_exemption_modal
from bot.slack.payloads import ExemptionForm, ExemptionRef
from bot.slack.text import plain
from handlers.call import ActionCall, Call

PROPOSED = timedelta(days=90)
END = "end"  # behind the account, it ends an exemption


async def open_exemption_form(call: Call, account: AccountHead, form: ExemptionForm, title: str) -> None:
    """`title` is that of the playbook or of the stage whose gate is passed."""
    require_may_edit_account(call.actor, account.roles)
    until = local_date(call.now, call.actor.timezone) + PROPOSED
    await call.open_modal(build_exemption_modal(form, title, account.name, until))


async def ask_to_pass_gate(call: Call, account_id: int) -> None:
    """Open the form about the gate of the stage the account is in."""
    async with call.services.database.glance() as reader:
        account, title = await load_gate(reader, call.services.library, account_id)
    await open_exemption_form(call, account, ExemptionForm(account=account.id, stage=account.stage), title)


async def answer_exemption(call: ActionCall, ref: ExemptionRef, *, approve: bool) -> None:
    async with call.changing() as session:
        change = await decide_exemption(session, call.services.library, ref.exemption, approve, call.actor, call.now)
    await call.say(plain(change.sentence))
