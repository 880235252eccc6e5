"""What the API answers when something is wrong: a status, and a sentence with the next step."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError

from bot.errors import (
    ConfigurationError,
    DatabaseUnavailable,
    InvalidInput,
    NotAllowed,
    NotFound,
    PlaycallError,
    TryAgain,
    WrongState,
)

STATUSES: Mapping[type[PlaycallError], int] = {
    NotFound: 404,
    NotAllowed: 403,
    InvalidInput: 422,
    WrongState: 409,
    TryAgain: 409,
    DatabaseUnavailable: 503,
    ConfigurationError: 503,
}


class Problem(BaseModel):
    """What is wrong."""

    detail: str = Field(description="A sentence that says what is wrong and what to do.")


class Unauthorized(PlaycallError):
    """This needs a token in the header `Authorization: Bearer playcall_...`. `playcall token create NAME` makes one."""


class TooManyRequests(PlaycallError):
    """Too many requests with this token."""

    def __init__(self, seconds: int, per_minute: int) -> None:
        super().__init__(
            f"This token may call {per_minute} times a minute. Try again in {seconds} s, or send more in one request."
        )
        self.seconds = seconds


WORDS: Mapping[int, str] = {
    400: "The body is no JSON, or cut short.",
    401: "No token, or one that is unknown or revoked; for a webhook, a wrong or old signature.",
    403: "The token lacks the scope.",
    404: "There is no such thing.",
    409: "It is not possible in the present state, or somebody changed the same thing at the same moment.",
    413: "The body is longer than 5 MB.",
    422: "What was sent cannot be used; the sentence says why.",
    429: "Too many requests with this token. `Retry-After` says how many seconds to wait.",
    503: "The database cannot be reached just now.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the documentation of a route says of these answers."""
    return {status: {"model": Problem, "description": WORDS[status]} for status in statuses}


def answer_problems(web: FastAPI) -> None:
    """Answer what is raised on purpose, and what a body's model refuses, with a sentence."""

    async def on_error(_: Request, error: Exception) -> JSONResponse:
        return _problem(error if isinstance(error, PlaycallError) else PlaycallError())

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        if any(one["type"] == "json_invalid" for one in found):
            return JSONResponse({"detail": "The body is no JSON."}, 400)
        return JSONResponse({"detail": _invalid_words(found)}, 422)

    async def on_conflict(_: Request, __: Exception) -> JSONResponse:
        return _problem(TryAgain())

    web.add_exception_handler(PlaycallError, on_error)
    web.add_exception_handler(RequestValidationError, on_invalid)
    web.add_exception_handler(IntegrityError, on_conflict)  # two who add the same thing: a constraint decides


def _problem(error: PlaycallError) -> JSONResponse:
    if isinstance(error, Unauthorized):
        return JSONResponse({"detail": error.message}, 401, {"WWW-Authenticate": "Bearer"})
    if isinstance(error, TooManyRequests):
        return JSONResponse({"detail": error.message}, 429, {"Retry-After": str(error.seconds)})
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
    return JSONResponse({"detail": error.message}, status)


def _invalid_words(errors: Any) -> str:
    parts = []
    for one in list(errors)[:3]:
        where = ".".join(str(part) for part in one["loc"] if part not in {"body", "path"})
        parts.append(f"{where}: {one['msg']}" if where else f"The body: {one['msg']}")
    return "; ".join(parts) + "."
