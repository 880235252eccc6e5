"""The edge around every listener: who acts, and that nothing is ever raised into Bolt.

AsyncApp loses an acknowledgement when a listener raises soon after it, and Bolt's middleware cannot wrap a listener, so
the boundary is put around each listener where it is registered.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import PlaycallError
from bot.services import Services
from handlers.call import Call
from handlers.identity import identify

log = structlog.get_logger(__name__)

SORRY = "Something went wrong on our side, and nothing was changed. Please try again; if it stays, report `{}`."
TOO_LATE = "Slack gave us too little time to open that. Nothing was changed: please click once more."
LATE = frozenset({"expired_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged"})

C = TypeVar("C", bound=Call)
BoltListener = Callable[..., Awaitable[None]]


def bounded(kind: type[C], handle: Callable[[C], Awaitable[None]], services: Services) -> BoltListener:
    """A Bolt listener that runs `handle` for a member, and answers every error with a sentence."""

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
        call = kind(services, services.clock.now(), body, client, ack, respond)
        try:
            own_team = context.authorize_result.team_id if context.authorize_result else None
            call.actor = await identify(services, body, own_team, client)
            await handle(call)
            services.wake()
        except PlaycallError as error:
            await _quietly(call.refuse(error))
        except SlackApiError as error:
            if error.response.get("error") in LATE:
                await _answer(call, TOO_LATE)
            else:
                await _apologise(call, handle.__name__)
        except Exception:
            await _apologise(call, handle.__name__)
        await _quietly(call.finish())

    listener.__name__ = handle.__name__
    return listener


async def _apologise(call: Call, listener: str) -> None:
    reference = secrets.token_hex(4)
    log.exception("listener_failed", listener=listener, reference=reference)
    await _answer(call, SORRY.format(reference))


async def _answer(call: Call, text: str) -> None:
    await _quietly(call.fail(text))


async def _quietly(answer: Awaitable[None]) -> None:
    """Nobody is left to tell when the answer itself cannot be given: it is logged."""
    try:
        await answer
    except Exception:
        log.exception("answer_failed")
