"""Changes of a playbook in words, one line each. Pure: what the authors wrote is escaped here."""

from collections.abc import Sequence

from bot.library.changes import Change, Told
from bot.models import DocumentKind
from bot.slack.step_card import role_words
from bot.slack.text import fit, label

BRIEF = 240  # characters of a text in a message; the command shows all of it
NOTHING = "nothing"


def change_lines(
    changes: Sequence[Change], limit: int = BRIEF, kind: DocumentKind = DocumentKind.PLAYBOOK
) -> list[str]:
    """One line a change: what is written there was, and what it is now, each in at most `limit` characters."""
    return [_line(change, limit, kind) for change in changes]


def _line(change: Change, limit: int, kind: DocumentKind) -> str:
    step = f"“{label(change.step, 150)}”" if change.step else f"the {kind}"
    before, after = _text(change.before, limit), _text(change.after, limit)
    match change.told:
        case Told.ADDED:
            return f"➕  *Added* {step}  ·  {_added(change.after)}"
        case Told.REMOVED:
            return f"➖  *Removed* {step}"
        case Told.REWORDED:
            return f"✏️  *Reworded* “{before}” → “{after}”"
        case Told.RETIMED:
            return f"🕓  *Moved in time* {step}: {before} → {after}"
        case Told.RECAST:
            return f"👤  *Another role* {step}: {_role(change.before)} → {_role(change.after)}"
        case Told.REORDERED:
            return f"↕️  *Moved* {step}: it comes after “{label(change.after or '', 150)}” now"
        case Told.LEFT_OUT:
            return f"➖  *Leaves out* {step}"
        case Told.KEPT:
            return f"➕  *No longer leaves out* {step}"
        case Told.CHANGED:
            field = label((change.field or "").replace("_", " "), 60)
            return f"✏️  *{field.capitalize()}* of {step}: {before} → {after}"


def _added(after: str | None) -> str:
    role, _, due = (after or "").partition(", ")
    return f"{_role(role)}, due {label(due, 80)}" if due else _role(role)


def _role(role: str | None) -> str:
    return role_words(label(role, 40)) if role else NOTHING


def _text(text: str | None, limit: int) -> str:
    return fit(" ".join(text.split()), limit) if text else f"_{NOTHING}_"
