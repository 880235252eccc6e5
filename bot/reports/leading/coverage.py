"""What no playbook covers: milestones of journeys, and stages of segments. From the playbooks in use."""

from collections.abc import Iterator

from bot.engine.waiting import applies
from bot.library.journeys import Journey
from bot.library.library import Library
from bot.library.schema import MilestoneTrigger, Playbook
from bot.models import Stage
from bot.slack.leading.coverage import Coverage, UncoveredCell, UncoveredMilestone


def find_coverage(library: Library) -> Coverage:
    """A milestone is covered when a playbook starts with it or an outcome of a step reaches it.

    A stage of a segment is covered when a playbook names the stage and nothing in it keeps it from the segment, or when
    a journey on which accounts of the segment are lists a playbook in the stage. A playbook that names no stage belongs
    anywhere, and so covers none in particular.
    """
    playbooks = list(library.current.values())
    milestones = list(_milestones(library))
    touched = {key for playbook in playbooks for key in _touched(playbook)}
    stages = [stage for stage in library.stages.titles if stage != Stage.CHURNED]
    cells = [(stage, segment) for stage in stages for segment in library.segments.titles]
    return Coverage(
        milestones=len(milestones),
        uncovered_milestones=tuple(one for one in milestones if one.key not in touched),
        cells=len(cells),
        uncovered_cells=tuple(UncoveredCell(*cell) for cell in cells if not _is_covered(library, playbooks, *cell)),
    )


def _milestones(library: Library) -> Iterator[UncoveredMilestone]:
    for journey in library.journeys.values():
        for stage in journey.stages:
            for milestone in stage.milestones:
                yield UncoveredMilestone(journey.key, stage.stage, milestone.key, milestone.title)


def _touched(playbook: Playbook) -> Iterator[str]:
    for trigger in playbook.triggers:
        if isinstance(trigger, MilestoneTrigger):
            yield trigger.milestone
    for step in playbook.steps:
        for outcome in step.outcomes:
            if outcome.milestone:
                yield outcome.milestone


def _is_covered(library: Library, playbooks: list[Playbook], stage: str, segment: str) -> bool:
    if any(stage in playbook.stages and _is_for(playbook, segment) for playbook in playbooks):
        return True
    listed = [spec.playbooks for journey in _journeys_of(library, segment) if (spec := journey.stage(stage))]
    return any(key in library.current for keys in listed for key in keys)


def _is_for(playbook: Playbook, segment: str) -> bool:
    """Whether it may start for the segment. Only what a condition says of the segment is looked at."""
    facts = {"account": {"segment": segment}}
    conditions = [trigger.when for trigger in playbook.triggers]
    return not conditions or any(
        when is None or "account.segment" not in when or applies(playbook, when, facts) for when in conditions
    )


def _journeys_of(library: Library, segment: str) -> list[Journey]:
    """The journeys that the segment table puts accounts of the segment on."""
    named = {row.journey for row in library.segments.table if row.segment in {segment, None} and row.journey}
    return [library.journeys[key] for key in sorted(named) if key in library.journeys]
