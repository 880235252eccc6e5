"""What would be measured of the demo's customers, day by day: their stories in numbers. Pure and always the same.

A curve runs through points of (day, number), in straight lines and with a little wobble. Day 0 is the day the book was
made; days after it are what `/clock advance` brings. Before its first point nothing is measured; after its last the
number stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from bot.models import SignalKind

PRODUCT, DESK, BILLING, SURVEY = "product", "zendesk", "billing", "survey"
SOURCES: Mapping[str, str] = {
    "active_users": PRODUCT,
    "core_workflow_use": PRODUCT,
    "seats_used": PRODUCT,
    "seats_bought": BILLING,
    "invoice_overdue_days": BILLING,
    "tickets_open": DESK,
    "tickets_urgent": DESK,
    "ticket_age": DESK,
    "csat": DESK,
    SignalKind.NPS: SURVEY,
}
FIRST_DAY = -90
EVERY: Mapping[str, int] = {"seats_used": 7, "invoice_overdue_days": 7, "seats_bought": 60}  # days; the others daily
WOBBLE = 0.03
WOBBLING = frozenset({"active_users", "core_workflow_use"})

Points = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    day: int
    kind: str
    number: float
    contact: str | None = None  # the name of who answered

    @property
    def source(self) -> str:
        return SOURCES[self.kind]


def _at(*points: tuple[int, float]) -> Points:
    return points


def _use(*points: tuple[int, float], each: float, seats: int) -> dict[str, Points]:
    """Users through these points, who finish the core workflow `each` times a day; nine in ten seats that are used
    stay given to somebody.
    """
    start = points[0][0]
    peak = max(number for _, number in points)
    return {
        "active_users": points,
        "core_workflow_use": tuple((day, number * each) for day, number in points),
        "seats_bought": _at((start, seats)),
        "seats_used": _at((start, min(seats, round(peak * 1.1)))),
        "invoice_overdue_days": _at((start, 0)),
    }


def _desk(tickets: Points, urgent: Points, age: Points) -> dict[str, Points]:
    return {"tickets_open": tickets, "tickets_urgent": urgent, "ticket_age": age}


_CALM = _desk(_at((-90, 2), (-40, 3), (-35, 1), (0, 2)), _at((-90, 0)), _at((-90, 3), (0, 4)))

CURVES: Mapping[str, Mapping[str, Points]] = {
    "acme": {**_use((-90, 88), (-30, 95), (0, 96), (60, 101), each=3.4, seats=120), **_CALM},
    "globex": _use((38, 4), (60, 110), (90, 240), each=5, seats=300),
    "initech": {
        **_use((-45, 1), (-20, 9), (0, 11), (30, 13), each=0.4, seats=80),
        **_desk(_at((-40, 1), (-10, 4), (0, 5)), _at((-40, 0), (-22, 1)), _at((-23, 0), (0, 22), (40, 62))),
    },
    "umbrella": {
        **_use((-90, 655), (-47, 660), (-44, 590), (-20, 615), (0, 610), (40, 585), each=1.2, seats=900),
        **_desk(
            _at((-90, 4), (-48, 3), (-46, 15), (-30, 9), (0, 7)),
            _at((-90, 0), (-47, 0), (-46, 6), (-30, 3), (0, 2)),
            _at((-90, 4), (-47, 4), (-46, 1), (0, 46), (14, 60)),
        ),
    },
    "hooli": {**_use((-90, 431), (0, 492), (40, 500), each=2.1, seats=500), **_CALM},
    "wayne": {**_use((-90, 137), (0, 141), each=6, seats=150), **_CALM},
    "wonka": {  # falling since their administrator left, a week ago
        **_use((-90, 50), (-7, 52), (0, 33), (6, 27), (24, 29), (40, 47), each=2.2, seats=60),
        **_desk(_at((-90, 1), (-5, 1), (0, 3)), _at((-90, 0)), _at((-90, 2), (-5, 2), (0, 5))),
    },
    "massive": {**_use((-60, 40), (-20, 150), (-3, 215), (0, 233), (30, 320), each=1.8, seats=400), **_CALM},
    "pied-piper": {
        "active_users": _at((-20, 1), (0, 5), (20, 7)),
        "core_workflow_use": _at((-20, 0), (0, 9), (20, 14)),
    },
    "stark": {
        **_use((-90, 540), (-40, 520), (0, 455), (60, 400), each=0.9, seats=700),
        **_desk(
            _at((-90, 5), (-20, 8), (0, 12), (20, 13)),
            _at((-90, 0), (-14, 1), (0, 3)),
            _at((-90, 6), (-27, 0), (0, 27), (30, 57)),
        ),
        "invoice_overdue_days": _at((-90, 0), (-19, 0), (0, 18), (20, 38), (21, 0)),
    },
    "soylent": {  # the second plant stopped
        **_use((-90, 73), (-13, 71), (-8, 35), (0, 36), (14, 37), (35, 58), each=1.6, seats=90),
        **_desk(_at((-90, 1), (-12, 2)), _at((-90, 0)), _at((-90, 3), (-12, 3), (0, 9))),
    },
    "cyberdyne": _use((-3, 1), (0, 3), (24, 9), (45, 13), each=2, seats=15),
    "tyrell": {**_use((-90, 17), (0, 19), each=4, seats=20), **_CALM},
    "vandelay": _use((-75, 1), (0, 2), each=1, seats=4),
    "dunder": _use((-90, 7), (-40, 3), (-35, 0), each=1, seats=12),
}
ANSWERS: Mapping[str, tuple[tuple[int, str, float], ...]] = {  # CSAT: the day, who, and from 1 to 5
    "acme": ((-44, "Marvin Martian", 5), (-12, "Pete Puma", 4)),
    "umbrella": ((-43, "Rain Ocampo", 1), (-30, "Carlos Oliveira", 3), (-9, "Rain Ocampo", 2)),
    "stark": ((-25, "Maria Hill", 3), (-6, "Maria Hill", 2)),
    "hooli": ((-20, "Patrice Mulaney", 5),),
    "wayne": ((-33, "Barbara Gordon", 5),),
    "initech": ((-15, "Samir Nagheenanajar", 2),),
}


def readings(customer: str, first: int, last: int) -> Iterator[Reading]:
    """What is measured on the days from first to last; answers to surveys not included."""
    for kind, points in CURVES.get(customer, {}).items():
        for day in range(max(first, points[0][0]), last + 1):
            if (day - points[0][0]) % EVERY.get(kind, 1) == 0:
                yield Reading(day, kind, _number(customer, kind, points, day))


def answers(customer: str) -> Iterator[Reading]:
    for day, who, number in ANSWERS.get(customer, ()):
        yield Reading(day, "csat", number, who)


def _number(customer: str, kind: str, points: Points, day: int) -> float:
    exact = _along(points, day)
    if kind in WOBBLING:
        chance = crc32(f"{customer} {kind} {day}".encode()) / 2**31 - 1  # from -1 to 1, the same every time
        exact *= 1 + WOBBLE * chance
    return float(max(0, round(exact)))


def _along(points: Points, day: int) -> float:
    for (left, low), (right, high) in pairwise(points):
        if left <= day <= right:
            return low + (high - low) * (day - left) / (right - left)
    return points[-1][1]
