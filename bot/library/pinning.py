"""What a run is pinned to, in SQL: the version it started with, or the variant of it that overlays made."""

from typing import TypeVarTuple

from sqlalchemy import func
from sqlmodel import col
from sqlmodel.sql.expression import Select

from bot.models import PlaybookVariant, PlaybookVersion, Run

Columns = TypeVarTuple("Columns")

DIGEST = func.coalesce(col(PlaybookVariant.digest), col(PlaybookVersion.digest))
"""Of the content a run is pinned to, in a statement that joins it; `Library.version` turns it into a playbook."""


def join_content(query: Select[*Columns]) -> Select[*Columns]:
    """The statement, which selects from runs, with the rows that hold their content."""
    return query.join(PlaybookVersion, col(PlaybookVersion.id) == Run.playbook_version_id).join(
        PlaybookVariant, col(PlaybookVariant.id) == Run.variant_id, isouter=True
    )
