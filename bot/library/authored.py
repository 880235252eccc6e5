"""What every authored file is made of: strict models, and the spellings of names in them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.models import MemberRole

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)]
FieldKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=150, strip_whitespace=True)]

_EMAIL = r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+"
Owner = Annotated[
    str,
    StringConstraints(pattern=rf"^({'|'.join(MemberRole)}|{_EMAIL})$"),
    Field(examples=["leader", "dana@example.com"]),
]
"""A role, which means the account's member in it or all members of it, or one member by email."""


class Authored(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
