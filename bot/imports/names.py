"""A person's name: whole, or as the two halves that CRM systems keep."""

from bot.imports.columns import Column
from bot.imports.rows import Values
from bot.imports.values import text_up_to

NAME_COLUMNS = (
    Column("name", text_up_to(200), ("Full name", "Contact name", "Member name", "Display name")),
    Column("first_name", text_up_to(100), ("Given name",)),
    Column("last_name", text_up_to(100), ("Surname", "Family name")),
)


def join_name(values: Values) -> None:
    """Put the whole name into `name` and take the halves away."""
    halves = [values.pop(half, "") for half in ("first_name", "last_name")]
    whole = " ".join(half for half in halves if half)
    if whole:
        values.setdefault("name", whole)
