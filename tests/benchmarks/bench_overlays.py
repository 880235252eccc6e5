"""Resolving a playbook of 20 steps with 4 overlays, against validating that playbook once.

Run by `make bench`. The floor is what no resolving could do without: one validation of the playbook from its stored
form.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from bot.library.library import Library
from bot.library.overlay_loading import Overlays
from bot.library.overlays import Overlay
from bot.library.resolving import resolve
from bot.library.schema import Playbook, dump
from bot.settings import ROOT

ROUNDS = 300
STEPS = 20
FACTS = {
    "account": {"touch": "high", "segment": "enterprise", "entry_reason": "upgrade", "attributes": {"merger": True}}
}


def make_playbook() -> Playbook:
    question = {"key": "goal", "label": "What is the goal?", "type": "long_text", "saves_to": "outcome"}
    steps: list[dict[str, Any]] = [
        {
            "key": f"step-{n}",
            "title": f"Do the thing number {n}",
            "guidance": "Why, what good looks like, what to avoid. " * 10,
            "due": f"step-{n - 1} + 2bd" if n else "1bd",
            "needs": [f"step-{n - 1}"] if n else [],
            "questions": [question],
        }
        for n in range(STEPS)
    ]
    head = {"key": "bench", "title": "Bench", "category": "lifecycle", "summary": "X", "success": "Y"}
    return Playbook.model_validate({**head, "steps": steps})


def make_overlays() -> list[Overlay]:
    more = {"key": "extra", "title": "Extra", "due": "step-3 + 1bd", "needs": ["step-3"], "after": "step-3"}
    parts: list[dict[str, Any]] = [
        {
            "when": 'account.touch == "high"',
            "steps": {f"step-{n}": {"channel": "call", "minutes": 30} for n in range(8)},
        },
        {"when": 'account.segment == "enterprise"', "stretch": 1.5, "steps": {"step-2": {"title": "Other"}}},
        {"when": "account.attributes.merger == true", "add": [more], "steps": {"step-5": {"role": "leader"}}},
        {"when": 'account.entry_reason == "upgrade"', "leave_out": ["step-7", "step-11"]},
    ]
    head = {"title": "O", "summary": "X", "playbooks": ["bench"]}
    return [Overlay.model_validate({**head, "key": f"o-{n}", "priority": n, **part}) for n, part in enumerate(parts)]


def microseconds(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return median(taken) * 1e6


def main() -> None:
    playbook, overlays = make_playbook(), make_overlays()
    stored = dump(playbook)
    library = Library(ROOT / "playbooks")
    library.overlay_files = Overlays(tuple(overlays))
    assert len(resolve(playbook, overlays, FACTS).applied) == len(overlays)  # else it measures nothing
    floor = microseconds(lambda: Playbook.model_validate(stored))
    once = microseconds(lambda: resolve(playbook, overlays, FACTS))
    again = microseconds(lambda: library.resolve(playbook, FACTS))
    print(f"resolving {STEPS} steps with {len(overlays)} overlays, median of {ROUNDS}")
    print(f"  one validation of the playbook (the floor)    {floor:8.0f} us")
    print(f"  resolve, worked out anew                      {once:8.0f} us   {once / floor:5.2f} of the floor")
    print(f"  Library.resolve, the same overlays as before  {again:8.0f} us   {again / floor:5.2f} of the floor")
    print(f"  under 1 ms: {'yes' if max(once, again) < 1000 else 'NO'}")


if __name__ == "__main__":
    main()
