"""/account health, show, timeline and list."""

import re

from bot.engine.actors import Actor
from bot.errors import InvalidInput, NotAllowed
from bot.reports.account_card import read_account_card
from bot.reports.account_head import AccountHead
from bot.reports.account_list import read_account_page
from bot.reports.account_metrics import read_metrics
from bot.reports.account_views import card_view, list_view, timeline_view
from bot.reports.finding import find_account, require_found
from bot.reports.health import read_health_page
from bot.reports.health_view import health_view
from bot.reports.service import read_service
from bot.reports.timeline import read_timeline
from bot.reports.timeline_picture import read_picture
from bot.slack.account_card_view import build_card_message
from bot.slack.account_help import usage
from bot.slack.account_lists import build_account_list, build_dated_message
from bot.slack.health_view import build_health_message
from bot.slack.metrics_view import build_metrics
from bot.slack.timeline_picture import build_picture
from handlers.call import Call, CommandCall
from handlers.charting import send_charts
from handlers.commands.subcommand import named_account

_PAGE = re.compile(r"\d{1,4}")


async def show_health(call: CommandCall, text: str) -> None:
    if not text:
        raise InvalidInput(usage("health"))
    async with call.services.database.glance() as reader:
        account = require_found(await find_account(reader, text)).account
    await say_health(call, account)


async def say_health(call: Call, account: AccountHead) -> None:
    config = call.services.library.health_config
    async with call.services.database.glance() as reader:
        page = await read_health_page(reader, account, config, call.now)
    message = build_health_message(health_view(page, config, call.actor, call.now))
    await call.say(message.text, message.blocks)


async def show_card(call: CommandCall, text: str) -> None:
    await say_card(call, await named_account(call, text, "show"))


async def say_card(call: Call, account: AccountHead) -> None:
    config = call.services.library.health_config
    async with call.services.database.glance() as reader:
        card = await read_account_card(reader, account)
        page = await read_health_page(reader, account, config, call.now)
        served = await read_service(reader, call.services.library, account, call.actor, call.now)
    message = build_card_message(card_view(card, page, config, call.actor, call.now, served))
    await call.say(message.text, message.blocks)


async def show_metrics(call: CommandCall, text: str) -> None:
    name, page = _split_page(text)
    account = await named_account(call, name, "metrics")
    async with call.services.database.glance() as reader:
        view = await read_metrics(reader, call.services.library.metrics, account, call.actor, call.now, page)
    message = build_metrics(view)
    await call.say(message.text, message.blocks)


async def show_chart(call: CommandCall, text: str) -> None:
    await send_charts(call, await named_account(call, text, "chart"))


async def show_timeline(call: CommandCall, text: str) -> None:
    name, page = _split_page(text)
    account = await named_account(call, name, "timeline")
    await say_timeline(call, account, page)


def _split_page(text: str) -> tuple[str, int]:
    """A number at the end is the page, unless the whole is an account's name."""
    name, _, last = text.rpartition(" ")
    if name.strip() and _PAGE.fullmatch(last):
        return name.strip(), int(last)
    return text, 1


async def say_timeline(call: Call, account: AccountHead, page: int = 1) -> None:
    async with call.services.database.glance() as reader:
        shown = await read_timeline(reader, account.id, page)
        events, today = await read_picture(reader, account, call.now, call.actor.timezone)
    picture = build_picture(events, today) if page == 1 else []
    message = build_dated_message(timeline_view(account, shown, call.actor, call.now, picture))
    await call.say(message.text, message.blocks)


async def list_accounts(call: CommandCall, text: str) -> None:
    words = text.lower().split()
    everybody = words[:1] == ["all"]
    if everybody:
        _require_leader(call.actor)
    numbers = words[1:] if everybody else words
    if len(numbers) > 1 or not all(word.isdecimal() and len(word) < 5 for word in numbers):
        raise InvalidInput(f"{usage('list')} `/account list 2` shows the second page.")
    config = call.services.library.health_config
    async with call.services.database.reading() as reader:
        page = await read_account_page(
            reader,
            config,
            call.now,
            member_id=None if everybody else call.actor.member_id,
            page=int(numbers[0]) if numbers else 1,
        )
    message = build_account_list(list_view(page, call.actor, call.now, everybody=everybody))
    await call.say(message.text, message.blocks)


def _require_leader(actor: Actor) -> None:
    if not actor.leads:
        raise NotAllowed("Only leaders see everybody's accounts. `/account list` shows yours.")
