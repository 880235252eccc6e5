"""The answer to `/playbook assets WORDS`: documents and email templates, with where they belong."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.library.schema import Asset
from bot.slack.blocks import Message
from bot.slack.leading.pages import Paging, build_page
from bot.slack.step_card import asset_link
from bot.slack.text import label

LINES = 20


@dataclass(frozen=True, slots=True)
class FoundAsset:
    """A document (`asset`) or an email template, and the step that offers it."""

    title: str
    playbook: str
    key: str
    step: str
    asset: Asset | None = None
    template: str | None = None


def build_assets(found: Sequence[FoundAsset], words: str, page: int = 1) -> Message:
    about = f" for “{label(words, 60)}”" if words else ""
    title = f"{len(found)} document{'' if len(found) == 1 else 's'} and email templates{about}"
    empty = "Nothing fits. `/playbook assets` alone shows everything there is."
    command = " ".join(part for part in ("/playbook assets", label(words, 60)) if part)
    return build_page(title, "", [_line(one) for one in found], Paging(page, LINES, command), empty=empty)


def _line(one: FoundAsset) -> str:
    what = asset_link(one.asset) if one.asset else f"✉  {label(one.title, 100)} (`{label(one.template or '', 80)}`)"
    return f"•  {what}  ·  {label(one.step, 100)}  ·  {label(one.playbook, 80)} (`{one.key}`)"
