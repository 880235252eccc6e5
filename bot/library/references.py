"""Whether the names inside one playbook refer to something, and its steps can be done in some order."""

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from bot.library.offsets import START
from bot.models import Anchor

if TYPE_CHECKING:
    from bot.library.schema import Playbook


def reference_problems(playbook: "Playbook") -> list[str]:
    keys = [step.key for step in playbook.steps]
    problems = [f"step {key!r} is there twice" for key in sorted({key for key in keys if keys.count(key) > 1})]
    problems += [f"step {key!r} has the name of a date" for key in keys if key in {START, *Anchor}]
    known = set(keys)
    for step in playbook.steps:
        for needed in step.needs:
            if needed not in known:
                problems.append(f"step {step.key!r} needs {needed!r}, which is not a step here")
        if step.due.reference not in known | {START, *Anchor}:
            problems.append(f"step {step.key!r} is due relative to {step.due.reference!r}: not a step, a date or start")
        for outcome in step.outcomes:
            for key in outcome.not_applicable:
                if key not in known:
                    problems.append(f"outcome {outcome.key!r} of {step.key!r} names {key!r}, which is not a step here")
    return problems or _order_problems(playbook)


def _order_problems(playbook: "Playbook") -> list[str]:
    graph = {step.key: {*step.needs, step.due.reference} - {START, *Anchor} for step in playbook.steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        return [f"steps wait for each other in a circle: {circle}"]
    return []
