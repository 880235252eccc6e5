"""Reading a JSON body by hand, where one bad item must not refuse the others."""

import json
from typing import Any

from fastapi import HTTPException, Request

MOST = 1_000  # signals in one request


async def read_json(request: Request) -> Any:
    """The body's value. NaN and Infinity, which are no JSON, come as such floats: the item they are in is refused."""
    return parse_json(await request.body())


def parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except UnicodeDecodeError as error:
        raise HTTPException(400, "The body is not text in UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise HTTPException(400, f"The body is no JSON: {error.msg} at {where}.") from error
    except RecursionError as error:
        raise HTTPException(400, "The body is nested too deeply.") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise HTTPException(400, "The body holds a number that is too long.") from error


def items_of(value: Any) -> list[Any]:
    """The signals in a body: one object, a list, or an object with a list in `signals`."""
    if isinstance(value, dict) and set(value) == {"signals"}:
        value = value["signals"]
        if not isinstance(value, list):
            raise HTTPException(422, "signals: give a list of signals.")
    items = value if isinstance(value, list) else [value]
    if len(items) > MOST:
        raise HTTPException(422, f"At most {MOST:,} signals can be sent in one request; this has {len(items):,}.")
    return items
