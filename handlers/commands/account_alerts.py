"""/account alerts: what waits for a decision."""

from bot.engine.permissions import require_leads
from handlers.accounts import account_named
from handlers.alert_answers import alert_list
from handlers.call import CommandCall


async def show_alerts(call: CommandCall, text: str) -> None:
    """Of an account; `all` shows a leader everybody's; without either, one's own."""
    if everybodys := text.lower() == "all":
        require_leads(call.actor)
    account = await account_named(call, text) if text and not everybodys else None
    message = await alert_list(call, account, everybodys=everybodys)
    await call.say(message.text, message.blocks)
