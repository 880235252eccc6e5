from bot.db import reading_session
from bot.reports.home import load_home
from bot.slack.home_view import build_home_view
from handlers.call import EventCall


async def handle_app_home_opened(call: EventCall) -> None:
    if call.event.get("tab", "home") != "home":
        return
    async with call.services.database.reading() as connection:
        home = await load_home(reading_session(connection), call.services.library, call.actor, call.now)
    await call.client.views_publish(user_id=call.event["user"], view=build_home_view(home))
