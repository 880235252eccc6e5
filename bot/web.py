"""The web application: what Slack and other systems post to us, and what a platform asks about our state."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import __version__
from bot.api.problems import answer_problems
from bot.api.routes import build_api
from bot.db import Database
from bot.errors import ConfigurationError, DatabaseUnavailable
from bot.migrating import is_current
from bot.reports.queues import DatabaseUp, load_queues
from bot.services import Services
from bot.unsubscribe_page import unsubscribe_router

BODY_LIMIT = 1_000_000  # bytes; the largest thing Slack sends is a view of 250 KB
API = "/api/"
API_BODY_LIMIT = 5_000_000  # bytes; a thousand signals with long comments
SECONDS_TO_ANSWER = 5  # of the database; whoever asks whether we are ready does not wait much longer
NOT_MIGRATED = "The database is not migrated. Run `playcall migrate`."


def build_web_app(
    services: Services,
    slack: AsyncApp | None = None,
    signing_secret: str | None = None,
    why_deaf: Callable[[], Awaitable[str | None]] | None = None,
) -> FastAPI:
    """The application. Without a signing secret nobody can post as Slack: /slack/events does not exist then.

    `why_deaf` says why Slack is not heard, where that is not over HTTP; None when it is.
    """
    web = FastAPI(
        title="Playcall",
        version=__version__,
        summary="Signals, accounts and webhooks for Playcall.",
        redirect_slashes=False,  # it would redirect to wherever the request's Host header says
    )
    web.add_middleware(BodyLimit)
    if slack and signing_secret:  # first: a request is compared with one route after the other
        endpoint = _slack_endpoint(slack, signing_secret)
        web.add_api_route("/slack/events", endpoint, methods=["POST"], include_in_schema=False)
    web.include_router(build_api(services))
    answer_problems(web)

    @web.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @web.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        """The database answers and has the schema this code needs, and over Socket Mode Slack is connected."""
        reason = await why_not_ready(services.database) or (await why_deaf() if why_deaf else None)
        if reason is None:
            return {"status": "ready"}
        response.status_code = 503
        return {"status": "not ready", "reason": reason}

    @web.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus: this process, and how far the queues have come, as long as the database says so."""
        told = CollectorRegistry()
        told.register(DatabaseUp(await why_not_ready(services.database) is None))
        with suppress(DatabaseUnavailable, ConfigurationError):
            async with services.database.reading() as connection:
                told.register(await load_queues(connection, services.clock.now()))
        return Response(generate_latest(REGISTRY) + generate_latest(told), media_type=CONTENT_TYPE_LATEST)

    web.include_router(unsubscribe_router(services.database, services.clock))
    return web


async def why_not_ready(database: Database) -> str | None:
    """What stands between this process and its work, as a sentence; None when nothing does."""
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            return None if await is_current(database) else NOT_MIGRATED
    except TimeoutError:
        return f"The database has not answered for {SECONDS_TO_ANSWER} seconds."
    except (DatabaseUnavailable, ConfigurationError) as error:
        return error.message


def _slack_endpoint(slack: AsyncApp, signing_secret: str) -> Any:
    handler = AsyncSlackRequestHandler(slack)
    verifier = SignatureVerifier(signing_secret)

    async def slack_events(request: Request) -> Response:
        """Everything Slack sends. Bolt parses a body before it looks at the signature, so it is checked here first."""
        if not _is_from_slack(verifier, await request.body(), request.headers):
            return JSONResponse({"error": "This request does not carry a valid, recent Slack signature."}, 401)
        return await handler.handle(request)

    return slack_events


def _is_from_slack(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        return verifier.is_valid_request(body, dict(headers))
    except (ValueError, TypeError):  # a body that is not UTF-8, a timestamp that is no number, a signature beyond ASCII
        return False


class BodyLimit:
    """Refuses a request whose body is longer than it may be there, whether it says so beforehand or not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = API_BODY_LIMIT if scope["path"].startswith(API) else BODY_LIMIT
        if _declared_length(scope) > limit:
            await JSONResponse({"detail": _too_large(limit)}, 413)(scope, receive, send)
        else:
            await self.app(scope, _counted(receive, limit), send)


def _too_large(limit: int) -> str:
    return f"The body is too large: at most {limit // 1_000_000} MB is read."


def _declared_length(scope: Scope) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _counted(receive: Receive, limit: int) -> Receive:
    received = 0

    async def count() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, _too_large(limit))
        return message

    return count
