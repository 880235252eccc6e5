"""/account note, sentiment, milestone and contact."""

from bot.engine import accounts, milestones
from bot.engine.calendars import local_date
from bot.engine.notes import add_note
from bot.models import MilestoneStatus, NoteSource
from bot.reports.account_views import sentiments_view
from bot.reports.sentiments import read_sentiments
from bot.slack.account_arguments import parse_contact, parse_milestone, parse_sentiment
from bot.slack.account_form import build_account_note_modal
from bot.slack.account_lists import build_dated_message
from bot.slack.account_words import ADVOCATE_WORDS
from bot.slack.blocks import section
from bot.slack.dates import day_words
from bot.slack.payloads import AccountRef
from bot.slack.text import label
from handlers.call import CommandCall
from handlers.commands.subcommand import account_and_rest


async def log_note(call: CommandCall, text: str) -> None:
    account, body = await account_and_rest(call, text, "note")
    if not body:
        await call.open_modal(build_account_note_modal(AccountRef(account=account.id), account.name))
        return
    async with call.changing() as session:
        await add_note(session, account.id, call.actor, call.now, body=body, source=NoteSource.COMMAND)
    await call.say(f"Noted for *{label(account.name)}*. `/account timeline {account.key}` shows it.")


async def log_sentiment(call: CommandCall, text: str) -> None:
    """With a colour it is logged; either way the history is shown."""
    account, rest = await account_and_rest(call, text, "sentiment")
    given = parse_sentiment(rest)
    started = []
    if given:
        sentiment, why = given
        async with call.changing() as session:
            started = await accounts.log_sentiment(
                session, call.services.library, account.id, sentiment, why, call.actor, call.now
            )
    async with call.services.database.glance() as reader:
        history = await read_sentiments(reader, account.id)
    message = build_dated_message(sentiments_view(account, history, call.actor, call.now))
    news = [f"{label(run.title)} started." for run in started]
    await call.say(" ".join([message.text, *news]), [*([section(" ".join(news))] if news else []), *message.blocks])


async def add_milestone(call: CommandCall, text: str) -> None:
    account, rest = await account_and_rest(call, text, "milestone")
    today = local_date(call.now, call.actor.timezone)
    given = parse_milestone(rest, today)
    library = call.services.library
    async with call.changing() as session:
        if given.target is not None:
            milestone = await milestones.plan_milestone(
                session,
                account.id,
                given.key,
                call.actor,
                call.now,
                target=given.target,
                title=given.title,
                library=library,
            )
        elif given.status is MilestoneStatus.REACHED:
            milestone = await milestones.reach_milestone(
                session,
                library,
                account.id,
                given.key,
                call.actor,
                call.now,
                title=given.title,
                evidence=given.evidence,
                on=given.reached_on,
            )
        else:
            milestone = await milestones.miss_milestone(
                session, account.id, given.key, call.actor, call.now, evidence=given.evidence, library=library
            )
    when = f" for {day_words(given.target, today)}" if given.target else ""
    if given.reached_on:
        when = f", {day_words(given.reached_on, today)}"
    await call.say(f"*{label(account.name)}*: {label(milestone.title)} is {milestone.status}{when}.")


async def save_contact(call: CommandCall, text: str) -> None:
    account, rest = await account_and_rest(call, text, "contact")
    draft = accounts.check(accounts.ContactDraft, parse_contact(rest))
    async with call.changing() as session:
        contact = await accounts.save_contact(session, call.services.library, account.id, draft, call.actor, call.now)
    roles = f" ({', '.join(contact.roles).replace('_', ' ')})" if contact.roles else ""
    standing = f", {ADVOCATE_WORDS[contact.advocate]}" if contact.advocate else ""
    await call.say(f"Saved {label(contact.name)}, {label(contact.email)}{roles}{standing} at *{label(account.name)}*.")
