"""The pictures of an account, sent to who asked for them."""

from functools import partial

from bot.reports.account_head import AccountHead
from bot.reports.drawing import draw_health, draw_timeline, near
from bot.reports.health import read_health_page
from bot.reports.health_history import read_history
from bot.reports.timeline_picture import read_picture
from bot.slack.blocks import Message, section
from bot.slack.text import label
from handlers.call import Call
from handlers.patience import answer_in_time
from handlers.pictures import Picture, send_pictures


async def send_charts(call: Call, account: AccountHead) -> None:
    """Health over time, and the touchpoints along the life cycle. Drawing may take longer than Slack waits."""

    async def at_once(message: Message) -> None:
        await call.say(message.text, message.blocks)

    async def meanwhile() -> None:
        await call.say(f"Drawing {label(account.name)}. I will say when it is done.")

    await answer_in_time(call, _send(call, account), at_once, meanwhile)


async def _send(call: Call, account: AccountHead) -> Message:
    pictures = await _pictures(call, account)
    if not pictures:
        return _said(
            f"There is nothing to draw of {label(account.name)} yet: no health was kept, and nothing is planned."
        )
    await send_pictures(call, pictures, f"*{label(account.name)}*")
    return _said(f"The chart of {label(account.name)} is in your messages with Playcall.")


async def _pictures(call: Call, account: AccountHead) -> list[Picture]:
    config, zone = call.services.library.health_config, call.actor.timezone
    async with call.services.database.glance() as reader:
        page = await read_health_page(reader, account, config, call.now)
        history = await read_history(reader, account, config, page.health.score, call.now, zone)
        events, today = await read_picture(reader, account, call.now, zone)
    pictures = []
    if history.scores:
        (first, before), (last, score) = history.scores[0], history.scores[-1]
        told = f"Health from {before} on {first} to {score} on {last}"
        pictures.append(Picture(f"{account.key}-health.png", "Health", told, partial(draw_health, history)))
    if shown := near(events, today):
        told = f"{len(shown)} touchpoints, milestones and dates around {today}"
        draw = partial(draw_timeline, account.name, events, today)
        pictures.append(Picture(f"{account.key}-timeline.png", "Timeline", told, draw))
    return pictures


def _said(text: str) -> Message:
    return Message(text, [section(text)])
