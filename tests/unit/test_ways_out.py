"""Whom Playcall talks to over the network, and that nobody can name another address to it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.settings import ROOT

CLIENTS = {
    "aiohttp",
    "httpx",
    "requests",
    "socket",
    "aiosmtplib",
    "smtplib",
    "urllib.request",
    "http.client",
    "websockets",
}
SPEAK = {
    "bot/app.py",  # Slack's Web API, at SLACK_API_URL
    "bot/delivery/web_api.py",  # the same
    "bot/socket_mode.py",  # Slack's Socket Mode, at the address Slack gives
    "bot/doctor.py",  # the errors of these
    "bot/delivery/mailer.py",  # the mail server, at SMTP_URL
    "bot/delivery/mail_refusals.py",  # its errors
    "bot/processes.py",  # listens
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_only_slack_and_the_mail_server_are_spoken_to() -> None:
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if CLIENTS & set(imported(path))}
    assert {name for name in found if not name.startswith("bot/demo/")} == SPEAK
