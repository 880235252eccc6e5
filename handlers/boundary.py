"""The edge around every listener: who acts, and that nothing is ever raised into Bolt.

AsyncApp loses an acknowledgement when a listener raises soon after it, and Bolt's middleware cannot wrap a listener, so
the boundary is put around each listener where it is registered.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from structlog.contextvars import bound_contextvars, get_contextvars

from bot.errors import PlaycallError
from bot.services import Services
from bot.telemetry import LISTENER_FAILURES, LISTENER_SECONDS
from handlers.call import Call
from handlers.identity import identify

log = structlog.get_logger(__name__)

SORRY = "Something went wrong on our side, and nothing was changed. Please try again; if it stays, report `{}`."
SAVED = "That is saved, but showing what came of it went wrong. If that stays, report `{}`."
TOO_LATE = "Slack gave us too little time to open that. Nothing was changed: please click once more."
LATE = frozenset({"expired_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged"})

C = TypeVar("C", bound=Call)
BoltListener = Callable[..., Awaitable[None]]


def bounded(kind: type[C], handlers: Mapping[str, Callable[[C], Awaitable[None]]], services: Services) -> BoltListener:
    """A Bolt listener that runs the handler of what was asked, for a member, and answers every error with a sentence.

    Bolt has to see to it that only what has a handler comes here.
    """

    async def listener(
        ack: AsyncAck,
        respond: AsyncRespond,
        body: dict[str, Any],
        client: AsyncWebClient,
        context: AsyncBoltContext,
    ) -> None:
        if kind.ignores(body):
            await ack()
            return
        handle = handlers[kind.names(body)]
        call = kind(services, services.clock.now(), body, client, ack, respond)
        with bound_contextvars(request=secrets.token_hex(4)), LISTENER_SECONDS.labels(handle.__name__).time():
            try:
                own_team = context.authorize_result.team_id if context.authorize_result else None
                call.actor = await identify(services, body, own_team, client)
                await handle(call)
                if call.changed:
                    log.info("request_changed", listener=handle.__name__, member_id=call.actor.on_file)
            except Exception as error:
                await _quietly(_answer(call, error, handle.__name__))
            await _quietly(call.finish())

    return listener


async def _answer(call: Call, error: Exception, listener: str) -> None:
    """Say what became of it. Once a change is saved, whatever fails is only about showing it."""
    if call.changed:
        await call.say(SAVED.format(_logged("answer_failed", listener)))
    elif isinstance(error, PlaycallError):
        await call.refuse(error)
    elif isinstance(error, SlackApiError) and error.response.get("error") in LATE:
        await call.fail(TOO_LATE)
    else:
        await call.fail(SORRY.format(_logged("listener_failed", listener)))


def _logged(event: str, listener: str) -> str:
    """Log the error that is being handled. Returns what to look for in the log."""
    LISTENER_FAILURES.labels(listener).inc()
    log.exception(event, listener=listener)
    return str(get_contextvars()["request"])


async def _quietly(answer: Awaitable[None]) -> None:
    """Nobody is left to tell when the answer itself cannot be given: it is logged."""
    try:
        await answer
    except Exception:
        log.exception("answer_failed")
