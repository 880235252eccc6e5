"""What somebody most likely meant by a name that does not exist."""

from collections.abc import Iterable

from rapidfuzz import fuzz, process

NEAR = 55.0
ALIKE = 60.0


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice somebody most likely meant, who may have typed only a part of it; None when nothing is near."""
    found = process.extractOne(word.casefold(), list(choices), scorer=fuzz.WRatio, score_cutoff=NEAR)
    return str(found[0]) if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question to put behind "there is no …": `Did you mean 'go_live_date'?`. Empty when no name is alike."""
    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=ALIKE)
    return f"Did you mean {str(found[0])!r}?" if found else ""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """`'adaption' is not a stage (did you mean adoption?); there are trial, onboarding, adoption`."""
    choices = list(known)
    found = process.extractOne(name.casefold(), choices, scorer=fuzz.ratio, score_cutoff=ALIKE)
    meant = f" (did you mean {found[0]}?)" if found else ""
    listed = f"there are {', '.join(choices)}" if choices else "there is none"
    return f"{name!r} is not a {kind}{meant}; {listed}"
