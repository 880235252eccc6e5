"""/account journey and exempt: the journey an account is on, putting it on another, passing a gate of it."""

from bot.db import reading_session
from bot.engine.governance.exemptions import end_exemption
from bot.engine.journeys.moving import put_on_journey
from bot.errors import InvalidInput
from bot.reports.journey import load_journey_view
from bot.slack.account_help import usage
from bot.slack.journey_view import build_journey_message
from bot.slack.text import plain
from handlers.call import Call, CommandCall
from handlers.commands.subcommand import account_and_rest
from handlers.exempting import END, ask_to_pass_gate


async def account_journey(call: CommandCall, text: str) -> None:
    """`acme` shows it, `acme year-1` puts it there; what is probably reached already is asked for with a button."""
    account, rest = await account_and_rest(call, text, "journey")
    sentence = None
    if len(rest.split()) > 1:
        raise InvalidInput(usage("journey"))
    if rest:
        async with call.changing() as session:
            change = await put_on_journey(
                session, call.services.library, account.id, rest.lower(), call.actor, call.now
            )
        sentence = change.sentence
    await say_journey(call, account.id, sentence)


async def exempt_from_gate(call: CommandCall, text: str) -> None:
    """Open the form about the gate of the account's stage; with `end` behind the account, end what is in force."""
    account, rest = await account_and_rest(call, text, "exempt")
    if rest and rest.lower() != END:
        raise InvalidInput(usage("exempt"))
    if not rest:
        await ask_to_pass_gate(call, account.id)
        return
    async with call.changing() as session:
        change = await end_exemption(
            session, call.services.library, account.id, call.actor, call.now, stage=account.stage
        )
    await call.say(plain(change.sentence))


async def say_journey(call: Call, account_id: int, sentence: str | None = None) -> None:
    async with call.services.database.reading() as connection:
        view = await load_journey_view(reading_session(connection), call.services.library, account_id, call.now)
    message = build_journey_message(view, sentence)
    await call.say(message.text, message.blocks)
