"""Every interaction Playcall answers, and who answers it. The app manifest is made from this table."""

from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncApp

from bot.services import Services
from handlers.boundary import bounded
from handlers.call import ActionCall, CommandCall, EventCall, ViewCall

COMMANDS: Mapping[str, Callable[[CommandCall], Awaitable[None]]] = {}
ACTIONS: Mapping[str, Callable[[ActionCall], Awaitable[None]]] = {}
VIEWS: Mapping[str, Callable[[ViewCall], Awaitable[None]]] = {}
EVENTS: Mapping[str, Callable[[EventCall], Awaitable[None]]] = {}
SHORTCUTS: Mapping[str, Callable[[ActionCall], Awaitable[None]]] = {}


def register(app: AsyncApp, services: Services) -> None:
    for command, on_command in COMMANDS.items():
        app.command(command)(bounded(CommandCall, on_command, services))
    for action, on_action in ACTIONS.items():
        app.action(action)(bounded(ActionCall, on_action, services))
    for view, on_view in VIEWS.items():
        app.view(view)(bounded(ViewCall, on_view, services))
    for event, on_event in EVENTS.items():
        app.event(event)(bounded(EventCall, on_event, services))
    for shortcut, on_shortcut in SHORTCUTS.items():
        app.shortcut(shortcut)(bounded(ActionCall, on_shortcut, services))
