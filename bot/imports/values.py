"""Reading one cell. Every parser takes text that is not empty and raises ValueError with what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from math import isfinite
from typing import Any, TypeVar
from zoneinfo import available_timezones

Parser = Callable[[str], Any]
E = TypeVar("E", bound=StrEnum)

LARGEST = 2**31 - 1  # what an integer column holds
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_AROUND_NUMBERS = re.compile(r"^[^\d,.+-]+|(?<![^\d,.])[^\d,.]+$")  # a currency sign or code before or after
_YES = {"yes", "y", "true", "t", "1", "x", "on", "active"}
_NO = {"no", "n", "false", "f", "0", "off", "inactive"}

# What CRM systems write out where we keep ISO 3166-1 alpha-2.
_COUNTRIES = {
    "argentina": "AR", "australia": "AU", "austria": "AT", "belgium": "BE", "brazil": "BR", "canada": "CA",
    "chile": "CL", "china": "CN", "colombia": "CO", "czech republic": "CZ", "czechia": "CZ", "denmark": "DK",
    "deutschland": "DE", "estonia": "EE", "finland": "FI", "france": "FR", "germany": "DE", "great britain": "GB",
    "greece": "GR", "hong kong": "HK", "hungary": "HU", "india": "IN", "indonesia": "ID", "ireland": "IE",
    "israel": "IL", "italy": "IT", "japan": "JP", "luxembourg": "LU", "malaysia": "MY", "mexico": "MX",
    "netherlands": "NL", "new zealand": "NZ", "norway": "NO", "poland": "PL", "portugal": "PT", "romania": "RO",
    "singapore": "SG", "south africa": "ZA", "south korea": "KR", "spain": "ES", "sweden": "SE",
    "switzerland": "CH", "the netherlands": "NL", "turkey": "TR", "uk": "GB", "ukraine": "UA",
    "united arab emirates": "AE", "united kingdom": "GB", "united states": "US", "united states of america": "US",
    "usa": "US", "vietnam": "VN",
}  # fmt: skip


def text_up_to(limit: int) -> Parser:
    def parse(text: str) -> str:
        if len(text) > limit:
            raise ValueError(f"is longer than {limit} characters")
        return text

    return parse


def parse_key(text: str) -> str:
    key = text.lower()
    if len(key) > 80 or not _KEY.fullmatch(key):
        raise ValueError(f'"{text}" is not a key: lower-case letters, digits and hyphens, at most 80')
    return key


def parse_email(text: str) -> str:
    if len(text) > 320 or not _EMAIL.fullmatch(text):
        raise ValueError(f'"{text}" is not an email address')
    return text.lower()


def parse_domain(text: str) -> str:
    """The domain of a domain, a web address or a page."""
    host = re.sub(r"^[a-z]+://", "", text.lower()).split("/")[0].split(":")[0].removeprefix("www.")
    if len(host) > 253 or not _DOMAIN.fullmatch(host):
        raise ValueError(f'"{text}" is not a web domain')
    return host


def parse_amount(text: str) -> int:
    """A whole amount: `$1,234,567.89`, `1.234.567,89 €`, `120 000`, `120000`."""
    digits = _AROUND_NUMBERS.sub("", re.sub(r"[\s\u00a0\u202f'’]", "", text))
    try:
        amount = round(float(_with_decimal_point(digits)))
    except (ValueError, OverflowError):
        raise ValueError(f'"{text}" is not a number') from None
    if not 0 <= amount <= LARGEST:
        raise ValueError(f'"{text}" is not an amount between 0 and {LARGEST:,}')
    return amount


def parse_number(text: str) -> float:
    """A number: `3.5`, `-2`, `1,234.5`, `1.234,5`, `45 %`."""
    try:
        return float(text)  # NaN and infinity are for whoever keeps it to refuse
    except ValueError:
        pass
    sign = -1 if text.startswith("-") else 1
    digits = _AROUND_NUMBERS.sub("", re.sub(r"[\s\u00a0\u202f'’-]", "", text))
    try:
        return sign * float(_with_decimal_point(digits))
    except ValueError:
        raise ValueError(f'"{text}" is not a number') from None


def _with_decimal_point(digits: str) -> str:
    """Tell thousands from decimals: the last separator is the decimal one, unless exactly three digits follow it."""
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return digits
    separator, tail = digits[last], digits[last + 1 :]
    other = "," if separator == "." else "."
    if digits.count(separator) > 1 or (other not in digits and len(tail) == 3):
        return re.sub(r"[.,]", "", digits)
    return re.sub(r"[.,]", "", digits[:last]) + "." + tail


def whole_number(low: int, high: int) -> Parser:
    def parse(text: str) -> int:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise ValueError(f'"{text}" is not a number') from None
        if number != int(number) or not low <= number <= high:
            raise ValueError(f'"{text}" is not a whole number from {low} to {high}')
        return int(number)

    return parse


def parse_hour(text: str) -> int:
    """`9`, `09:00` or `17.00`: the hour."""
    hour = re.sub(r"[:.]00$", "", text)
    return int(whole_number(0, 24)(hour))


def parse_yes_no(text: str) -> bool:
    word = text.lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f'"{text}" is not yes or no')


def choice_of(values: type[E], others: Mapping[str, E] | None = None) -> Parser:
    """A member of the enumeration, by its value or by one of the `others` words, however it is spelled."""
    words = {_plain_word(member.value): member for member in values}
    words |= {_plain_word(word): member for word, member in (others or {}).items()}

    def parse(text: str) -> E:
        try:
            return words[_plain_word(text)]
        except KeyError:
            raise ValueError(f'"{text}" is not one of {", ".join(values)}') from None

    return parse


def name_of(titles: Mapping[str, str], others: Mapping[str, str] | None = None) -> Parser:
    """A key of the configuration, by the key, its title, or one of the `others` words that stand for a key."""
    words = {_plain_word(word): key for word, key in (others or {}).items() if key in titles}
    words |= {_plain_word(title): key for key, title in titles.items()}
    words |= {_plain_word(key): key for key in titles}

    def parse(text: str) -> str:
        try:
            return words[_plain_word(text)]
        except KeyError:
            raise ValueError(f'"{text}" is not one of {", ".join(titles) or "any: there are none"}') from None

    return parse


def several_of(parse_one: Parser) -> Parser:
    """A list in one cell, separated by semicolons, commas or bars. Each value is kept once, in order."""

    def parse(text: str) -> list[Any]:
        parts = [part.strip() for part in re.split(r"[;,|]", text)]
        return list(dict.fromkeys(parse_one(part) for part in parts if part))

    return parse


def parse_country(text: str) -> str:
    """ISO 3166-1 alpha-2, from the code or the English name."""
    if re.fullmatch(r"[A-Za-z]{2}", text) and text.upper() != "UK":
        return text.upper()
    try:
        return _COUNTRIES[text.lower()]
    except KeyError:
        raise ValueError(f'"{text}" is not a country: use its two-letter code, such as DE') from None


def parse_currency(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise ValueError(f'"{text}" is not a currency: use its three-letter code, such as EUR')
    return text.upper()


def parse_timezone(text: str) -> str:
    if text not in _timezones():
        raise ValueError(f'"{text}" is not a time zone: use its IANA name, such as Europe/Berlin')
    return text


def parse_loosely(text: str) -> str | int | float:
    """A number when the text is written exactly as one, so that conditions can compare it; else the text (`007`)."""
    for number in (int, float):
        try:
            read: int | float = number(text)
        except ValueError:
            continue
        if str(read) == text and isfinite(read):
            return read
    return text


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _plain_word(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().lower())
