"""The HTML part of a mail, made of its plain text: paragraphs, points and links, and nothing else.

What somebody typed stays words: everything is escaped here, and the layout around it escapes as well.
"""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from bot.settings import ROOT

LAYOUT = "email-layout.html"
POINT = "- "

_PARAGRAPHS = re.compile(r"\n\s*\n")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def html_of(text: str) -> Markup:
    """A mail's text as HTML."""
    return Markup("\n").join(_block(block) for block in _PARAGRAPHS.split(text.strip()) if block.strip())


def page_of(text: str, directory: Path, *, unsubscribe_url: str | None = None) -> str:
    """The whole HTML part: the text in the layout of the templates directory, or in Playcall's own."""
    environment = _environment(directory if (directory / LAYOUT).is_file() else ROOT / "templates")
    return environment.get_template(LAYOUT).render(body=html_of(text), unsubscribe_url=unsubscribe_url)


@lru_cache(maxsize=4)
def _environment(directory: Path) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(loader=FileSystemLoader(directory), undefined=StrictUndefined, autoescape=True)


def _block(block: str) -> Markup:
    """A paragraph; lines that begin with `- ` are a list, wherever they stand in it."""
    parts: list[Markup] = []
    lines: list[Markup] = []
    points: list[Markup] = []

    def end() -> None:
        if lines:
            parts.append(Markup("<p>{}</p>").format(Markup("<br>\n").join(lines)))
        if points:
            parts.append(Markup("<ul>{}</ul>").format(Markup("").join(points)))
        lines.clear()
        points.clear()

    for line in block.strip("\n").split("\n"):
        is_point = line.lstrip().startswith(POINT)
        if (is_point and lines) or (not is_point and points):
            end()
        if is_point:
            points.append(Markup("<li>{}</li>").format(_linked(line.lstrip().removeprefix(POINT))))
        else:
            lines.append(_linked(line))
    end()
    return Markup("\n").join(parts)


def _linked(line: str) -> Markup:
    parts: list[Markup] = []
    place = 0
    for found in _LINK.finditer(line):
        parts.append(escape(line[place : found.start()]))
        parts.append(Markup('<a href="{0}">{0}</a>').format(found[0]))
        place = found.end()
    parts.append(escape(line[place:]))
    return Markup("").join(parts)
