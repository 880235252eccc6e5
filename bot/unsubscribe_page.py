"""The page that the link in a mail leads to. Looking at it changes nothing: mail scanners follow every link."""

import re
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from bot.clock import Clock
from bot.db import Database
from bot.engine.unsubscribing import read_subscriber, unsubscribe

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
UNKNOWN = "This link is not valid (any more). Reply to the email instead, and a person takes you off the list."
KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def unsubscribe_router(database: Database, clock: Clock) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/unsubscribe/{key}")
    async def ask(key: str) -> HTMLResponse:
        """A button: only a person presses it."""
        async with database.reading() as connection:
            found = await read_subscriber(connection, key) if KEY.fullmatch(key) else None
        if found is None:
            return _page(UNKNOWN, status=404)
        address, subscribed = found
        if not subscribed:
            return _page(_done(address))
        return _page(f"Shall we stop sending emails to {address}?", button=True)

    @router.post("/unsubscribe/{key}")
    async def end(key: str) -> HTMLResponse:
        """From the button, and from mail programs (RFC 8058), which say it with one request and no cookie."""
        address = None
        if KEY.fullmatch(key):
            async with database.transaction() as session:
                address = await unsubscribe(session, key, clock.now())
        return _page(UNKNOWN, status=404) if address is None else _page(_done(address))

    return router


def _done(address: str) -> str:
    return f"Done. We send no more of these emails to {address}."


def _page(text: str, *, button: bool = False, status: int = 200) -> HTMLResponse:
    form = '<form method="post"><button style="font-size: 16px; padding: 8px 16px;">Unsubscribe</button></form>'
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Emails</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        '<body style="font-family: sans-serif; max-width: 32em; margin: 4em auto; padding: 0 1em;">'
        f"<p>{escape(text)}</p>{form if button else ''}</body></html>",
        status_code=status,
        headers=HEADERS,
    )
