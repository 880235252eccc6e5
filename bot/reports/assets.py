"""Searching what playbooks offer to work with: documents and email templates. Pure."""

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

from bot.library.library import Library
from bot.library.rendering import TemplateMistake
from bot.library.schema import Playbook, StepSpec
from bot.slack.assets import FoundAsset

NEAR = 78.0  # of 100: how alike a word must be on average
_WORD = re.compile(r"\w+")


def search_assets(library: Library, words: str) -> list[FoundAsset]:
    """What fits the words best first; all there is without words. Titles count, and the steps and playbooks around."""
    offered = [one for playbook in library.current.values() for one in _offered(library, playbook)]
    wanted = _words(words)
    if not wanted:
        return offered
    scored = [(_score(wanted, one), one) for one in offered]
    found = sorted((pair for pair in scored if pair[0] >= NEAR), key=lambda pair: -pair[0])
    return [one for _, one in found]


def _offered(library: Library, playbook: Playbook) -> Iterator[FoundAsset]:
    for step in playbook.steps:
        for asset in step.assets:
            yield FoundAsset(asset.title, playbook.title, playbook.key, step.title, asset=asset)
        if step.email:
            subject = _subject(library, step)
            yield FoundAsset(subject, playbook.title, playbook.key, step.title, template=step.email.template)


def _subject(library: Library, step: StepSpec) -> str:
    """The subject as it is written, or the step's title for a template that is broken: `playbooks lint` reports it."""
    try:
        return library.emails.find(step.email.template).subject if step.email else step.title
    except TemplateMistake:
        return step.title


def _score(wanted: list[str], one: FoundAsset) -> float:
    """How alike the wanted words are to the nearest of its own, on average; the title's words count a little more."""
    title, around = _words(f"{one.title} {one.template or ''}"), _words(f"{one.step} {one.playbook} {one.key}")
    return sum(max(_likeness(word, title), _likeness(word, around) - 5) for word in wanted) / len(wanted)


def _likeness(word: str, own: list[str]) -> float:
    return max((100.0 if other.startswith(word) else fuzz.ratio(word, other) for other in own), default=0.0)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
