"""Finding the account somebody means: by key, domain or name as they are, else by what comes near."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlmodel import col

from bot.db import Reader
from bot.errors import NotFound
from bot.library.domains import bare_domain
from bot.models import Account
from bot.prepared import Prepared
from bot.reports.account_head import AccountHead, Statement, load_head, load_heads
from bot.reports.nearness import domain_name, fold, nearest
from bot.slack.incoming import first_word
from bot.slack.text import unformatted

SUGGESTIONS = 5
WORDS_IN_NAME = 6
PAGE = 500  # names looked at before others get their turn
NEAR, SURE, LEAD = 62.0, 88.0, 12.0  # of 100: worth suggesting; good enough to take, when so far ahead of the next


@dataclass(frozen=True, slots=True)
class Found:
    account: AccountHead
    guessed_from: str | None = None  # what was typed, when it does not name the account but comes near

    @property
    def account_id(self) -> int:
        return self.account.id


@dataclass(frozen=True, slots=True)
class Candidate:
    account_id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """No account is clearly meant. The candidates come nearest first; there may be none."""

    text: str
    candidates: tuple[Candidate, ...]


async def find_account(reader: Reader, text: str) -> Found | Unsure:
    """The account that `text` (as typed) names. Archived accounts are not found."""
    wanted = unquoted(text)
    if not wanted:
        return Unsure("", ())
    return await _find_exactly(reader, [wanted]) or await _find_near(reader, wanted)


async def find_account_and_rest(reader: Reader, text: str) -> tuple[Found | Unsure, str]:
    """The account that the first words of `text` name, and what follows it.

    `Acme Corp called` is Acme Corp when there is one, else the account acme with the rest `Corp called`. Quotes tell
    where a name ends.
    """
    word, rest = first_word(text)
    if not word:
        return Unsure("", ()), ""
    if not text.strip().startswith(word):  # it was in quotes
        return await find_account(reader, word), rest
    words = list(re.finditer(r"\S+", text))[:WORDS_IN_NAME]
    beginnings = [text[words[0].start() : match.end()] for match in reversed(words)]
    heads = await load_heads(reader, beginnings)
    for beginning in beginnings:
        if exact := _pick(beginning, heads):
            return exact, text[words[0].start() + len(beginning) :].strip()
    return await _find_near(reader, word), rest


def require_found(found: Found | Unsure) -> Found:
    """Raises NotFound, with names to choose from, when it is not clear which account is meant."""
    if isinstance(found, Found):
        return found
    raise NotFound(unsure_words(found))


def require_named(found: Found | Unsure) -> Found:
    """The same, where something is about to change: a guess is only suggested."""
    if isinstance(found, Found) and found.guessed_from:
        head = found.account
        found = Unsure(found.guessed_from, (Candidate(head.id, head.key, head.name),))
    return require_found(found)


def unsure_words(unsure: Unsure) -> str:
    if not unsure.text:
        return "Which account? Give its key, name or domain."
    wanted = unformatted(unsure.text[:80])
    if not unsure.candidates:
        return f"There is no account like “{wanted}”. `/account list` shows yours, `/account add` adds one."
    names = [f"{unformatted(candidate.name)} ({candidate.key})" for candidate in unsure.candidates]
    return f"There is no account “{wanted}”. Did you mean {_either(names)}?"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


# --- as it is written -------------------------------------------------------------------------------------------------


async def _find_exactly(reader: Reader, spellings: Sequence[str]) -> Found | Unsure | None:
    heads = await load_heads(reader, spellings)
    return next((found for spelling in spellings if (found := _pick(spelling, heads))), None)


def _pick(spelling: str, heads: Iterable[AccountHead]) -> Found | Unsure | None:
    """A key goes before a name, a name before a domain. Two accounts of one name or domain are both suggested."""
    for matches in (
        [head for head in heads if head.key == spelling.lower()],
        [head for head in heads if head.name == spelling],
        [head for head in heads if head.domain and head.domain == bare_domain(spelling)],
    ):
        if len(matches) == 1:
            return Found(matches[0])
        if matches:
            return Unsure(spelling, tuple(Candidate(m.id, m.key, m.name) for m in matches[:SUGGESTIONS]))
    return None


def unquoted(text: str) -> str:
    word, rest = first_word(text)
    return text.strip() if rest else word


# --- what comes near --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Near:
    score: float
    candidate: Candidate
    same: bool  # but for case, accents, punctuation and emoji


async def _find_near(reader: Reader, wanted: str) -> Found | Unsure:
    near = await _nearest(reader, wanted)
    same = [one for one in near if one.same]
    clear = len(near) == 1 or (len(near) > 1 and near[0].score - near[1].score >= LEAD)
    if len(same) == 1 or (not same and near and near[0].score >= SURE and clear):
        chosen = (same or near)[0].candidate
        return Found(await load_head(reader, chosen.account_id), guessed_from=None if same else wanted)
    return Unsure(wanted, tuple(one.candidate for one in (same or near)[:SUGGESTIONS]))


async def _nearest(reader: Reader, wanted: str) -> list[_Near]:
    """The accounts nearest to a text, best first. It reads no more than their names, in turns of some milliseconds."""
    folded = fold(wanted)
    if not folded:
        return []
    best: list[_Near] = []
    last = 0
    while rows := await _NAMES_AFTER.rows(reader, {"last": last}):
        last = rows[-1].id
        best = sorted([*best, *_near_in(rows, folded)], key=lambda one: -one.score)[: SUGGESTIONS + 1]
        await asyncio.sleep(0)
    return best


def _near_in(rows: Sequence[Any], folded: str) -> list[_Near]:
    names = [(fold(text), row) for row in rows for text in {row.key, row.name, domain_name(row.domain)}]
    best: dict[int, _Near] = {}
    for score, index in nearest(folded, [name for name, _ in names], SUGGESTIONS * 3, NEAR):
        name, row = names[index]
        best.setdefault(row.id, _Near(score, Candidate(row.id, row.key, row.name), same=name == folded))
    return list(best.values())


def _names_after() -> Statement:
    columns = (Account.id, Account.key, Account.name, Account.domain)
    after = and_(col(Account.id) > bindparam("last"), col(Account.archived).is_(False))
    return select(*map(col, columns)).where(after).order_by(col(Account.id)).limit(PAGE)


_NAMES_AFTER = Prepared(_names_after)
