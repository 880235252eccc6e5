"""Answers that may take longer than Slack waits: given at once where that goes, else by the response address."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bot.errors import PlaycallError
from bot.slack.blocks import Message
from bot.slack.text import escape
from handlers.call import Call

log = structlog.get_logger(__name__)

PATIENCE = 2.0  # seconds: Slack waits three, and the way back takes its time
SORRY = "Something went wrong on our side, and nothing was changed. Please try again."

Deliver = Callable[[Message], Awaitable[None]]

_under_way: set[asyncio.Task[None]] = set()  # the loop itself keeps no task alive


async def answer_in_time(
    call: Call, work: Coroutine[Any, Any, Message], at_once: Deliver, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    """Answer with what the work makes, `at_once` when it is ready in time.

    Else `meanwhile` is the answer, and the work's comes when it is ready, in place of the message that was clicked, if
    one was. The work must only read: what is under way when the process ends is lost.
    """
    task = asyncio.create_task(work)
    await asyncio.wait([task], timeout=PATIENCE)
    if task.done():
        await at_once(task.result())
        return
    await meanwhile()
    later = asyncio.create_task(_answer_later(call, task))
    _under_way.add(later)
    later.add_done_callback(_under_way.discard)


async def _answer_later(call: Call, task: asyncio.Task[Message]) -> None:
    try:
        message = await task
        answer: dict[str, Any] = {"text": message.text, "blocks": message.blocks}
    except PlaycallError as error:
        answer = {"text": escape(error.message)}
    except Exception:
        log.exception("late_answer_failed")
        answer = {"text": SORRY}
    clicked = "blocks" in answer and "actions" in call.body
    await call.respond(**answer, response_type="ephemeral", replace_original=clicked)
