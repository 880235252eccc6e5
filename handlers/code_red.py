"""Calling code red, for listeners: in one line or from the form."""

from bot.engine.code_red import call_code_red
from bot.slack.code_red import called_words
from handlers.call import Call


async def call_code_red_on(call: Call, account_id: int, what: str) -> str:
    """What was done, in plain words."""
    async with call.changing() as session:
        called = await call_code_red(session, call.services.library, account_id, call.actor, call.now, what=what)
        owner, title = called.owner.name, called.run.title if called.run else None
    return called_words(owner, title, called.why_not)
