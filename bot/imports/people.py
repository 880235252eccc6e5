"""Finding a member by what an export calls an owner: an email address or a name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any


class Directory:
    """The active members, by email and by name."""

    def __init__(self, members: Iterable[Mapping[str, Any]]) -> None:
        self._by_email: dict[str, int] = {}
        self._by_name: dict[str, list[int]] = defaultdict(list)
        for member in members:
            if member["active"]:
                self._by_email[member["email"].lower()] = member["id"]
                self._by_name[member["name"].casefold()].append(member["id"])

    def find(self, text: str) -> int:
        """The member's id. Raises ValueError with what to do when there is none, or more than one."""
        if (by_email := self._by_email.get(text.lower())) is not None:
            return by_email
        named = self._by_name.get(text.casefold(), [])
        if len(named) == 1:
            return named[0]
        if named:
            raise ValueError(f'"{text}" is the name of {len(named)} members: use the email address')
        raise ValueError(f'"{text}" is not a member: import members first, or correct the address')
