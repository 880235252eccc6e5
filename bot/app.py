"""The composition root: the only place that builds things and knows everyone."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import structlog
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, SystemClock
from bot.db import Database
from bot.errors import ConfigurationError
from bot.library.library import Library
from bot.services import Services
from bot.settings import Settings
from handlers.table import register

log = structlog.get_logger(__name__)

LONGEST_WAIT = 1  # seconds a listener may spend on a rate limit: Slack waits three for the answer


class BriefRateLimitRetry(AsyncRateLimitErrorRetryHandler):
    """Repeats a refused call once, when Slack asks for no longer a wait than a listener has.

    A refused call was not carried out, so repeating it is safe for every method; a call whose answer got lost may have
    been, and is never repeated.
    """

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if not await super()._can_retry_async(state=state, request=request, response=response, error=error):
            return False
        headers = {name.lower(): value for name, value in response.headers.items()} if response else {}
        return int((headers.get("retry-after") or ["0"])[0]) <= LONGEST_WAIT


def nobody_to_wake() -> None:
    """This process has no outbox: the worker's finds the deliveries at its next look."""


def build_services(
    settings: Settings, clock: Clock | None = None, wake: Callable[[], None] = nobody_to_wake
) -> Services:
    library = Library(settings.playbooks_dir, settings.templates_dir)
    for problem in library.load().problems:
        log.warning("playbook_left_out", file=problem.file, line=problem.line, problem=str(problem))
    return Services(settings, Database(settings.database_url), library, clock or SystemClock(), wake)


@asynccontextmanager
async def open_slack_client(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    """The Web API client of this process, over one kept session. Needs the bot token."""
    token = required(settings.slack_bot_token, "SLACK_BOT_TOKEN", "OAuth & Permissions > Bot User OAuth Token")
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=token,
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[BriefRateLimitRetry()],
        )


def build_slack_app(services: Services, client: AsyncWebClient) -> AsyncApp:
    """Bolt with every listener of handlers.table. A listener runs before Slack's request is answered."""
    secret = services.settings.slack_signing_secret
    app = AsyncApp(
        name="Playcall",  # Bolt would look for the name of the file that calls it, and that takes longest of all
        client=client,
        signing_secret=secret.get_secret_value() if secret else "",
        process_before_response=True,
        request_verification_enabled=False,  # bot.web looks at the signature before Bolt parses anything
        ssl_check_enabled=False,  # Slack stopped asking; it went without a signature
        attaching_function_token_enabled=False,  # of workflow steps, which we have none of
    )
    register(app, services)
    return app


def required(secret: SecretStr | None, variable: str, where: str) -> str:
    """The secret, or a sentence that names the variable and the page of api.slack.com/apps it is found on."""
    if secret is None or not secret.get_secret_value():
        raise ConfigurationError(f"{variable} is not set. Find it at api.slack.com/apps, your app, {where}.")
    return secret.get_secret_value()
