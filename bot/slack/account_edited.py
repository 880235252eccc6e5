"""What became of an edit of an account."""

from collections.abc import Sequence

from bot.slack.text import label

SENTENCES = 15


def build_edited_words(name: str, changed: Sequence[str], sentences: Sequence[str]) -> str:
    """What changed, and which steps moved with it."""
    if not changed:
        return f"Nothing was different on *{label(name)}*, so nothing changed."
    fields = ", ".join(field.replace("_", " ") for field in changed)
    lines = [f"• {label(sentence, 160)}" for sentence in sentences[:SENTENCES]]
    more = [f"_and {len(sentences) - SENTENCES} more_"] if len(sentences) > SENTENCES else []
    return "\n".join([f"Saved *{label(name)}*: {fields}.", *lines, *more])
