"""How accounts are told apart, playbooks/segments.yaml: the segments, and the table that says who is served how."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from bot.library.account_conditions import AccountCondition, asked_fields
from bot.library.conditions import ConditionError, holds
from bot.library.configuration import load_configuration
from bot.library.nearness import unknown_name
from bot.library.references import Complaint, located_error
from bot.library.schema import Authored, Key, Title
from bot.library.stages import repeated
from bot.models import Segment, Touch

SegmentKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
DECIDED = ("segment", "touch", "journey")  # the fields of the account that the table may decide


class SegmentSpec(Authored):
    """One segment."""

    key: SegmentKey = Field(description="its name in conditions, email templates, imports and reports")
    title: Title = Field(description="its name for people")


class SegmentRow(Authored):
    """One row of the table. What it leaves out stays as it is on the account."""

    title: Title = Field(description="why, as people read it on the timeline: `Large contract`")
    when: AccountCondition | None = Field(None, description="a CEL condition over `account`; without it everybody")
    segment: SegmentKey | None = Field(None, description="the segment of the accounts in this row")
    touch: Touch | None = Field(None, description="how much they hear from a person")
    journey: Key | None = Field(None, description="the journey they are on")


SHIPPED = [SegmentSpec(key=segment, title=segment.value.replace("-", " ").capitalize()) for segment in Segment]


class Segments(Authored):
    """The segments, and the table: the first row whose condition holds says how an account is served."""

    segments: list[SegmentSpec] = Field(SHIPPED, min_length=1, max_length=20, description="20 at most")
    table: list[SegmentRow] = Field([], max_length=50, description="rows, the first that fits counts; 50 at most")

    @cached_property
    def titles(self) -> dict[str, str]:
        """By key, in their order."""
        return {segment.key: segment.title for segment in self.segments}

    def answer(self, facts: Mapping[str, Any]) -> SegmentRow | None:
        """The row that an account with these facts is in. A row that cannot be evaluated for it is not its row."""
        return next((row for row in self.table if _fits(row, facts)), None)

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        if twice := repeated(segment.key for segment in self.segments):
            raise ValueError(f"the segment {twice!r} is there twice")
        if complaints := list(_row_complaints(self)):
            raise located_error(type(self).__name__, complaints)
        return self


def _row_complaints(segments: Segments) -> Iterator[Complaint]:
    decided = {field for field in DECIDED for row in segments.table if getattr(row, field)}
    for place, row in enumerate(segments.table):
        if row.segment and row.segment not in segments.titles:
            yield ("table", place, "segment"), unknown_name("segment", row.segment, segments.titles)
        for name in sorted(asked_fields(row.when or "") & decided):
            yield ("table", place, "when"), f"asks for account.{name}, which the table itself decides"


def _fits(row: SegmentRow, facts: Mapping[str, Any]) -> bool:
    try:
        return holds(row.when, facts)
    except ConditionError:
        return False


def load_segments(directory: Path) -> Segments:
    """The segments of a playbooks directory; the three of `Segment` and no table where it has no file."""
    return load_configuration(directory / "segments.yaml", Segments)
