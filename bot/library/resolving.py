"""One playbook as overlays shape it for an account. Pure: a playbook, overlays and facts in, a playbook out.

Overlays are laid on from the weakest to the strongest. What one writes about a step replaces what was written before;
then distances are stretched, and last the steps that are left out are taken away, so that nothing hangs on them. An
account with high touch is never written to by a machine, whatever the files say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.library.conditions import ConditionError, holds
from bot.library.overlays import Overlay
from bot.library.schema import Playbook
from bot.library.shaping import STEP, WORDING, CannotBeLaidOn, Conflict, Draft, Place, Refusal, Source
from bot.models import Touch


@dataclass(frozen=True)
class Resolved:
    """A playbook as it is for an account, and how it became so.

    `applied` are the overlays that shaped it, the weakest first. `sources` has what did not come from the playbook's
    own file; `left_out` the steps that are not there.
    """

    playbook: Playbook
    base: Playbook
    applied: tuple[Overlay, ...] = ()
    sources: Mapping[Place, Source] = field(default_factory=dict)
    left_out: Mapping[str, Source] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def changed(self) -> bool:
        return self.playbook is not self.base

    def source(self, step: str, name: str) -> Source | None:
        """Where a field of a step (`due`, `email.template`) was written; None: nowhere, it has its default."""
        parts = name.split(".")
        for place in ((step, name), (step, parts[0])):
            if written := self.sources.get(place):
                return written
        if parts[0] not in self.playbook.step(step).model_fields_set:
            return None
        if added := self.sources.get((step, STEP)):
            return Source(added.document, (*added.where, *parts))
        index = next(index for index, spec in enumerate(self.base.steps) if spec.key == step)
        return Source(self.base.key, ("steps", index, *parts))

    def own_source(self, name: str) -> Source | None:
        """Where a field of the playbook itself (`success`, `exit_criteria.adopted`) was written."""
        head, _, criterion = name.partition(".")
        if written := self.sources.get((WORDING, name)):
            return written
        for index, each in enumerate(self.base.exit_criteria):
            if each.key == criterion:
                return Source(self.base.key, (head, index))
        return Source(self.base.key, (head,)) if name in self.base.model_fields_set else None


def resolve(playbook: Playbook, overlays: Iterable[Overlay], facts: Mapping[str, Any]) -> Resolved:
    """The playbook as it is for the account that `facts` (`bot.library.facts.overlay_facts`) are about."""
    applying, refused = choose(playbook, overlays, facts)
    return combine(playbook, applying, high_touch=is_high_touch(facts), refused=refused)


def is_high_touch(facts: Mapping[str, Any]) -> bool:
    return bool(facts["account"].get("touch") == Touch.HIGH)


def choose(
    playbook: Playbook, overlays: Iterable[Overlay], facts: Mapping[str, Any]
) -> tuple[list[Overlay], tuple[Refusal, ...]]:
    """Those that are about this playbook and this account, the weakest first, and those whose condition fails."""
    chosen, refused = [], []
    for overlay in weakest_first(overlays):
        try:
            if overlay.covers(playbook) and holds(overlay.when, facts):
                chosen.append(overlay)
        except ConditionError as error:
            refused.append(Refusal(overlay.key, ("when",), error.message))
    return chosen, tuple(refused)


def weakest_first(overlays: Iterable[Overlay]) -> list[Overlay]:
    """By priority; of equals the first by key comes last, and so wins."""
    return sorted(sorted(overlays, key=lambda overlay: overlay.key, reverse=True), key=lambda overlay: overlay.priority)


def combine(
    playbook: Playbook, overlays: Sequence[Overlay], *, high_touch: bool, refused: tuple[Refusal, ...] = ()
) -> Resolved:
    """The overlays laid on, the weakest first. Those that do not go together with stronger ones are left out."""
    try:
        return _laid_on(playbook, overlays, high_touch, refused)
    except CannotBeLaidOn:
        kept: list[Overlay] = []
        for overlay in reversed(overlays):
            try:
                _laid_on(playbook, [overlay, *kept], high_touch, ())
            except CannotBeLaidOn as error:
                refused = (*refused, Refusal(overlay.key, error.refusal.where, error.refusal.why))
            else:
                kept.insert(0, overlay)
        return _laid_on(playbook, kept, high_touch, refused)


def _laid_on(
    playbook: Playbook, overlays: Sequence[Overlay], high_touch: bool, refused: tuple[Refusal, ...]
) -> Resolved:
    draft = Draft(playbook)
    for overlay in overlays:
        draft.lay_on(overlay)
    draft.stretch(overlays)
    draft.take_away()
    if high_touch:
        draft.leave_to_people()
    if not draft.sources and not draft.left_out:
        return Resolved(playbook, playbook, refused=refused)
    return Resolved(
        playbook=draft.finished(),
        base=playbook,
        applied=tuple(overlay for overlay in overlays if overlay.key in draft.shaped_by()),
        sources=draft.sources,
        left_out=draft.left_out,
        conflicts=tuple(draft.conflicts),
        refused=refused,
    )
