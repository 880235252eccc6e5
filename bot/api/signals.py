"""POST /api/v1/signals."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from bot.api.access import Gate, words_for
from bot.api.bodies import MOST, items_of, read_json
from bot.api.problems import Problem, problems
from bot.engine.tokens import Holder, Scope
from bot.services import Services
from bot.signals.ingesting import Outcome, Sender, Taken, count_outcomes, take_in
from bot.signals.sent import SentSignal, read_sent

ALL_OR_NONE = {400, 401, 403, 413, 429, 503}
_SIGNAL = SentSignal.model_json_schema()
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    _SIGNAL,
                    {
                        "type": "object",
                        "title": "Signals",
                        "required": ["signals"],
                        "properties": {"signals": {"type": "array", "maxItems": MOST, "items": _SIGNAL}},
                    },
                    {"type": "array", "maxItems": MOST, "items": _SIGNAL},
                ]
            },
            "example": {
                "signals": [
                    {
                        "account": "acme",
                        "kind": "active_users",
                        "number": 42,
                        "observed_at": "2026-03-01T00:00:00Z",
                        "external_id": "acme-2026-03-01",
                    }
                ]
            },
        }
    },
}


class Result(BaseModel):
    """What became of one signal."""

    index: int = Field(description="Its place in the request, from 0.")
    status: Taken = Field(
        description="`accepted`; `duplicate`: kept before, nothing changed; `quarantined`: kept until somebody says "
        "whose it is; `refused`: not kept, `message` says why."
    )
    external_id: str | None = Field(None, description="What it is kept as, at its source.")
    message: str | None = Field(None, description="A sentence, where there is something to say.")


class Receipt(BaseModel):
    """What became of a request's signals."""

    accepted: int
    duplicate: int
    quarantined: int
    refused: int
    results: list[Result]


def signals_router(services: Services, gate: Gate) -> APIRouter:
    router = APIRouter(tags=["signals"])
    Allowed = Annotated[Holder, Depends(gate.needs(Scope.SIGNALS_WRITE))]  # noqa: N806  # a type

    @router.post(
        "/signals",
        status_code=202,
        response_model=Receipt,
        responses={
            422: {"model": Receipt | Problem, "description": "Not one of the signals could be used."},
            **problems(*ALL_OR_NONE),
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def post_signals(request: Request, response: Response, holder: Allowed) -> Receipt:
        """Take in one signal, or up to 1,000. What is wrong with one of them refuses no other."""
        items = items_of(await read_json(request))
        receipt = await receive(services, items, Sender(holder.name, words_for(holder)))
        if items and receipt.refused == len(items):
            response.status_code = 422
        return receipt

    return router


async def receive(services: Services, items: Sequence[Any], sender: Sender) -> Receipt:
    """Take in the signals that JSON values say."""
    read = [read_sent(item) for item in items]
    outcomes = await take_in(services.database, services.library, read, sender, services.clock.now())
    services.wake()
    return receipt_of(outcomes)


def receipt_of(outcomes: Sequence[Outcome]) -> Receipt:
    counts = count_outcomes(outcomes)
    results = [
        Result(index=index, status=one.taken, external_id=one.external_id, message=one.words)
        for index, one in enumerate(outcomes)
    ]
    return Receipt(**{taken.value: count for taken, count in counts.items()}, results=results)
