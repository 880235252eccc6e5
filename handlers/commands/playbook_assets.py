"""/playbook assets [WORDS] [page N]: for everybody."""

from bot.reports.assets import search_assets
from bot.slack.assets import build_assets
from bot.slack.incoming import as_typed
from handlers.call import CommandCall
from handlers.commands.leading import split_page


async def show_assets(call: CommandCall, text: str) -> None:
    words, page = split_page(as_typed(text))
    message = build_assets(search_assets(call.services.library, words), words, page)
    await call.say(message.text, message.blocks)
