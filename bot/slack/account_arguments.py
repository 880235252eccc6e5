"""What follows the account in `/account` sentiment, milestone and contact."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.errors import InvalidInput
from bot.models import AdvocateStatus, ContactRole, MilestoneStatus, Sentiment
from bot.slack.account_help import usage
from bot.slack.incoming import first_word
from bot.slack.text import shorten, unformatted
from bot.slack.typed_days import parse_day

_EMAIL = re.compile(r"(?<![^@\s,<>])[^@\s,<>]+@[^@\s,<>]+")
_STATUS = re.compile(rf"(?i)\b({'|'.join(MilestoneStatus)})\b")
_DAY_FIRST = re.compile(r"(?i)(?:on\s+)?(\d{4}-\d{1,2}-\d{1,2}|today|yesterday)\b[\s:,]*")
_ADVOCATE = re.compile(rf"\badvocate\b(?:\s*[:=]?\s*({'|'.join(AdvocateStatus)})\b)?")
_SEPARATORS = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class MilestoneArguments:
    """`target` is there exactly when the milestone is planned; `title` when more than the key was written.

    `reached_on` is a day of one that is reached, when one was given: today or before.
    """

    key: str
    title: str | None
    status: MilestoneStatus
    target: date | None
    evidence: str | None
    reached_on: date | None = None


def parse_sentiment(text: str) -> tuple[Sentiment, str | None] | None:
    """A colour and why; None when nothing is given."""
    if not text:
        return None
    word, why = first_word(text)
    colour = word.lower().rstrip(":,.")
    if colour not in set(Sentiment):
        raise InvalidInput(f"“{unformatted(shorten(word, 40))}” is not green, yellow or red. {usage('sentiment')}")
    return Sentiment(colour), why or None


def parse_milestone(text: str, today: date) -> MilestoneArguments:
    """`go-live reached 2026-03-01 first invoice run`, `first value planned 1 May 2026`.

    The name goes up to the word that says how it stands.
    """
    match = _STATUS.search(text)
    name = text[: match.start()].strip(" \t\n\"'“”:,") if match else ""
    key = re.sub(r"[\W_]+", "-", name.casefold()).strip("-")[:80]
    if match is None or not key:
        raise InvalidInput(f"Say which milestone, and how it stands. {usage('milestone')}")
    status, rest = MilestoneStatus(match[0].lower()), text[match.end() :].strip(" :,")
    title = name[:200] if name != key else None
    if status is MilestoneStatus.REACHED and (day := _DAY_FIRST.match(rest)):
        reached_on = parse_day(day[1], today)
        if reached_on > today:
            raise InvalidInput(
                f"{reached_on} is still to come. Plan the milestone for it: `{key} planned {reached_on}`."
            )
        return MilestoneArguments(key, title, status, None, rest[day.end() :] or None, reached_on)
    if status is not MilestoneStatus.PLANNED:
        return MilestoneArguments(key, title, status, None, rest or None)
    if not rest:
        raise InvalidInput(f"Say for which day. {usage('milestone')}")
    return MilestoneArguments(key, title, status, parse_day(rest.removeprefix("for ").strip(), today), None)


def parse_contact(text: str) -> dict[str, Any]:
    """`Jane Doe jane@acme.com admin, champion nps 9 advocate`: the raw values of a contact, still to be checked."""
    match = _EMAIL.search(text)
    if match is None or not text[: match.start()].strip(" ,"):
        raise InvalidInput(f"Give a name and an email address. {usage('contact')}")
    values: dict[str, Any] = {"name": text[: match.start()].strip(' ,"“”'), "email": match[0], "roles": []}
    rest = text[match.end() :].lower()
    if score := re.search(r"\bnps\s*[:=]?\s*(\d+)", rest):
        values["nps"] = int(score[1])
        rest = rest.replace(score[0], " ")
    if standing := _ADVOCATE.search(rest):
        values["advocate"] = AdvocateStatus(standing[1] or AdvocateStatus.ADVOCATE)
        rest = rest.replace(standing[0], " ")
    values["roles"] = _roles(rest)
    return values


def _roles(text: str) -> list[ContactRole]:
    """Roles in any order, those of two words with or without a separator."""
    left, roles = f" {_SEPARATORS.sub(' ', text.replace('-', '_'))} ", []
    for role in ContactRole:
        for spelled in (role.value, role.value.replace("_", " ")):
            if f" {spelled} " in left:
                roles.append(role)
                left = left.replace(f" {spelled} ", "  ")
    if unknown := left.split():
        known = ", ".join(role.value.replace("_", " ") for role in ContactRole)
        raise InvalidInput(f"“{unformatted(shorten(unknown[0], 40))}” is not a role I know. Roles are {known}.")
    return list(dict.fromkeys(roles))
