"""What of the library somebody asked to see. Pure."""

from collections.abc import Iterable

from bot.library.contents import Document
from bot.library.library import Library
from bot.library.schema import Playbook
from bot.slack.playbook_list import CATEGORIES, Shelf, Waiting


def load_shelf(library: Library, text: str, *, leads: bool) -> Shelf:
    """`text` is what follows `/playbook list`: words to look for, `#tag`, a category or a stage, and a page number.

    Leaders also see which files have mistakes: they are the ones who write them.
    """
    asked, page = _page(text)
    on = library.current
    off = [playbook for key in library.catalog.playbooks if key not in on and (playbook := library.approved(key))]
    drafts = [document for key, document in library.documents.items() if key in library.standing.drafts]
    found = {playbook.key for playbook in matching([*on.values(), *off], asked)}
    return Shelf(
        on=tuple(playbook for playbook in on.values() if playbook.key in found),
        off=tuple(playbook for playbook in off if playbook.key in found),
        waiting=tuple(_waiting(library, document) for document in drafts) if leads and not asked else (),
        problems=library.catalog.problems if leads and not asked else (),
        asked=asked,
        page=page,
    )


def _page(text: str) -> tuple[str, int]:
    words = text.split()
    if words and words[-1].isdecimal():
        return " ".join(words[:-1]), int(words[-1])
    return " ".join(words), 1


def matching(playbooks: Iterable[Playbook], asked: str) -> list[Playbook]:
    """Those that are about what was asked: a tag, a category, a stage, or a part of the key or the title."""
    wanted = asked.casefold().strip()
    if not wanted:
        return list(playbooks)
    if wanted.startswith("#"):
        return [playbook for playbook in playbooks if wanted.removeprefix("#") in playbook.tags]
    return [playbook for playbook in playbooks if _is_about(playbook, wanted)]


def _is_about(playbook: Playbook, wanted: str) -> bool:
    groups = {playbook.category.value, CATEGORIES[playbook.category].casefold(), *playbook.stages, *playbook.tags}
    return wanted in groups or wanted in playbook.key or wanted in playbook.title.casefold()


def _waiting(library: Library, document: Document) -> Waiting:
    key = document.key
    is_new = library.approved(key) is None and library.approved_overlay(key) is None
    return Waiting(key, str(document.content["title"]), is_new, document.kind)
