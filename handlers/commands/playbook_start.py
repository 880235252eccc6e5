from bot.db import reading_session
from bot.engine.runs import start_run
from bot.errors import AlreadyRunning, InvalidInput
from bot.library.schema import Playbook
from bot.reports.account_head import AccountHead
from bot.reports.playbooks import find_playbook, load_contact_choices
from bot.reports.run_view import load_plan
from bot.slack.incoming import first_word
from bot.slack.payloads import StartRun
from bot.slack.playbook_views import build_contact_modal, build_plan
from bot.slack.text import plain
from handlers.accounts import account_to_change
from handlers.call import CommandCall
from handlers.commands.playbook_bulk import ALL, ask_bulk

USAGE = "Say which playbook and which account: `/playbook start basic-onboarding acme`."


async def start_playbook(call: CommandCall, text: str) -> None:
    """/playbook start KEY ACCOUNT: start it and show the plan; for a playbook about a contact, ask which first."""
    key, name = first_word(text)
    if not key or not name:
        raise InvalidInput(USAGE)
    library = call.services.library
    playbook = library.playbook(find_playbook(library, key).key)  # said before a contact is asked for
    if name.lower().startswith(ALL):
        await ask_bulk(call, playbook, name[len(ALL) :].strip().lower())
        return
    account = await account_to_change(call, name)
    if playbook.subject == "contact":
        await ask_for_contact(call, playbook, account)
    else:
        await start_on_account(call, playbook, account)


async def ask_for_contact(call: CommandCall, playbook: Playbook, account: AccountHead) -> None:
    async with call.services.database.reading() as connection:
        contacts = await load_contact_choices(reading_session(connection), account.id)
    if not contacts:
        raise InvalidInput(
            f"{playbook.title} is about one contact, and {account.name} has none yet. "
            f"Add one with `/account contact {account.key} NAME EMAIL`."
        )
    form = StartRun(account=account.id, playbook=playbook.key)
    await call.open_modal(build_contact_modal(form, playbook.title, account.name, contacts))


async def start_on_account(call: CommandCall, playbook: Playbook, account: AccountHead) -> None:
    library = call.services.library
    try:
        async with call.changing() as session:
            run = await start_run(session, library, account.id, playbook.key, call.now, actor=call.actor)
            plan = await load_plan(session, run.id, call.actor, call.now)
        message = build_plan(plan)
    except AlreadyRunning as error:
        async with call.services.database.reading() as connection:
            plan = await load_plan(reading_session(connection), error.run_id, call.actor, call.now)
        message = build_plan(plan, plain(error.message))
    await call.say(message.text, message.blocks)
