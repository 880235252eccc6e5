"""A playbook while overlays are laid on it, one after the other, with the books kept on who wrote what. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from bot.library.overlays import Overlay, Partial, key_within
from bot.library.references import Location
from bot.library.schema import Mode, Outcome, Playbook, StepSpec
from bot.library.stretching import counted_from_before, stretched
from bot.models import Anchor, StepKind

KIND_PARTS = {StepKind.EMAIL: "email", StepKind.ESCALATION: "escalation"}
ANCHORS = frozenset(anchor.value for anchor in Anchor)
WORDING = ""  # stands for the step, where a field is the playbook's own
STEP = ""  # stands for the field, where a step as a whole is meant

Place = tuple[str, str]
"""A step's key and a field, such as `("kickoff", "email.template")`."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was written: the key of a playbook or an overlay, and where in its file."""

    document: str
    where: Location


HIGH_TOUCH = Source("", ())
"""The source of what no file says: high touch is never automatic."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two overlays that say different things about one field; an empty step stands for the playbook itself."""

    step: str
    field: str
    winner: str
    loser: str
    why: str

    def __str__(self) -> str:
        what = ".".join(part for part in (self.step, self.field) if part)
        return f"{what}: {self.winner} wins over {self.loser} ({self.why})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An overlay that could not be laid on a playbook."""

    overlay: str
    where: Location
    why: str


class CannotBeLaidOn(Exception):
    """What an overlay says cannot be. It never leaves this room: the overlay is left out and named."""

    def __init__(self, overlay: str, where: Location, why: str) -> None:
        super().__init__(why)
        self.refusal = Refusal(overlay, where, why)


class Draft:
    """A playbook while overlays are laid on it. Raises CannotBeLaidOn."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.base = {step.key: step for step in playbook.steps}
        self.order = list(self.base)
        self.steps = dict(self.base)
        self.wording: dict[str, Any] = {}
        self.sources: dict[Place, Source] = {}
        self.left_out: dict[str, Source] = {}
        self.conflicts: list[Conflict] = []
        self._values: dict[Place, Any] = {}
        self._overlays: dict[str, Overlay] = {}

    def lay_on(self, overlay: Overlay) -> None:
        self._overlays[overlay.key] = overlay
        self._add_steps(overlay)
        self._change_steps(overlay)
        self._leave_out_steps(overlay)
        self._change_wording(overlay)

    # --- what an overlay says ---------------------------------------------------------------------------------------

    def _add_steps(self, overlay: Overlay) -> None:
        behind: dict[str, int] = {}  # several behind one step keep the order in which they are written
        for index, step in enumerate(overlay.add):
            after = key_within(step.after, self.playbook.key)
            if after is None or after not in self.steps:
                continue
            source = Source(overlay.key, ("add", index))
            if step.key in self.steps:
                raise CannotBeLaidOn(overlay.key, (*source.where, "key"), f"there is a step {step.key!r} already")
            behind[after] = behind.get(after, 0) + 1
            self.order.insert(self.order.index(after) + behind[after], step.key)
            self.steps[step.key] = step.spec()
            self._note(step.key, STEP, source, step)

    def _change_steps(self, overlay: Overlay) -> None:
        for name, change in sorted(overlay.steps.items(), key=lambda item: "/" in item[0]):  # the exact ones last
            key = key_within(name, self.playbook.key)
            if key is None or key not in self.steps:
                continue
            if gone := self.left_out.pop(key, None):
                self._disagree(key, STEP, overlay.key, gone.document)
            for place, value in _written(change):
                source = Source(overlay.key, ("steps", name, *place.split(".")))
                self._require_fixed(key, place, value, source)
                self._note(key, place, source, value)
            if change.written():
                self.steps[key] = self._changed(key, change, Source(overlay.key, ("steps", name)))

    def _changed(self, key: str, change: Partial, source: Source) -> StepSpec:
        step = self.steps[key]
        values = {name: getattr(step, name) for name in step.model_fields_set}
        for name, value in change.written().items():
            _put(values, name, value)
        kind = values.get("kind", StepKind.TASK)
        for other, part in KIND_PARTS.items():
            if kind is not other and part not in change.model_fields_set:
                values.pop(part, None)  # a mail that has become a call has no template any more
        try:
            return StepSpec.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            message = first["msg"].removeprefix("Value error, ")
            raise CannotBeLaidOn(source.document, (*source.where, *first["loc"]), f"step {key!r}: {message}") from None

    def _leave_out_steps(self, overlay: Overlay) -> None:
        for index, name in enumerate(overlay.leave_out):
            key = key_within(name, self.playbook.key)
            if key is None or key not in self.steps:
                continue
            source = Source(overlay.key, ("leave_out", index))
            if milestone := _milestone_of(self.steps[key]):
                raise CannotBeLaidOn(
                    overlay.key,
                    source.where,
                    f"step {key!r} reaches the milestone {milestone!r}, which is the same for every account: "
                    "change how the step is done, or say in the account that it does not apply",
                )
            writers = dict.fromkeys(other.document for place, other in self.sources.items() if place[0] == key)
            for writer in writers:
                if writer != overlay.key:
                    self._disagree(key, STEP, overlay.key, writer)
            self.left_out[key] = source

    def _change_wording(self, overlay: Overlay) -> None:
        words = overlay.wording.get(self.playbook.key)
        if words is None:
            return
        here = ("wording", self.playbook.key)
        for name in ("summary", "success", "objective"):
            if name in words.model_fields_set:
                self.wording[name] = getattr(words, name)
                self._note(WORDING, name, Source(overlay.key, (*here, name)), self.wording[name])
        for index, criterion in enumerate(words.exit_criteria):
            criteria = {each.key: each for each in self.wording.get("exit_criteria", self.playbook.exit_criteria)}
            self.wording["exit_criteria"] = list({**criteria, criterion.key: criterion}.values())
            source = Source(overlay.key, (*here, "exit_criteria", index))
            self._note(WORDING, f"exit_criteria.{criterion.key}", source, criterion)

    def _require_fixed(self, key: str, place: str, value: Any, source: Source) -> None:
        """Milestones, and what a step can come to, are the same for every account."""
        step = self.steps[key]
        if place == "outcomes":
            if _fixed(value or []) != _fixed(step.outcomes):
                why = (
                    f"the outcomes of {key!r} are the same for every account, with their stages, milestones and what "
                    "follows: an overlay may reword them, and ask for a reason"
                )
                raise CannotBeLaidOn(source.document, source.where, why)
        elif place in {"when", "optional"} and (milestone := _milestone_of(step)):
            why = f"step {key!r} reaches the milestone {milestone!r}, which is the same for every account: it stays"
            raise CannotBeLaidOn(source.document, source.where, why)

    # --- what follows from all of them ------------------------------------------------------------------------------

    def stretch(self, overlays: Sequence[Overlay]) -> None:
        """Only what the playbook's own file says: a date that an overlay writes is meant as it is written."""
        stretching = [overlay for overlay in overlays if overlay.stretch is not None]
        if not stretching:
            return
        strongest = stretching[-1]
        for other in stretching[:-1]:
            if other.stretch != strongest.stretch:
                self._disagree(WORDING, "stretch", strongest.key, other.key)
        factor = strongest.stretch or 1
        for key, step in self.steps.items():
            written = (key, "due") in self.sources or key not in self.base
            if written or (step.due.reference in ANCHORS and not strongest.stretch_anchors):
                continue
            offset = stretched(step.due.offset, factor)
            if offset != step.due.offset:
                self._set(key, "due", type(step.due)(step.due.reference, offset), Source(strongest.key, ("stretch",)))

    def take_away(self) -> None:
        """What waited for a step that is left out waits for what that one waited for; so it is with dates."""
        for gone, source in self.left_out.items():
            step = self.steps.pop(gone)
            self.order.remove(gone)
            self.sources = {place: written for place, written in self.sources.items() if place[0] != gone}
            for key, other in list(self.steps.items()):
                if gone in other.needs:
                    needs = [need for each in other.needs for need in (step.needs if each == gone else [each])]
                    self._set(key, "needs", list(dict.fromkeys(needs)), source)
                if other.due.reference == gone:
                    self._set(key, "due", counted_from_before(other.due, step.due), source)
                if any(gone in {*outcome.not_applicable, *outcome.reopen} for outcome in other.outcomes):
                    self._set(key, "outcomes", [_without(outcome, gone) for outcome in other.outcomes], source)

    def leave_to_people(self) -> None:
        for key, step in self.steps.items():
            if step.mode is Mode.AUTOMATIC:
                self._set(key, "mode", Mode.HUMAN, HIGH_TOUCH)

    def finished(self) -> Playbook:
        values = {**{name: getattr(self.playbook, name) for name in Playbook.model_fields}, **self.wording}
        values["steps"] = [self.steps[key] for key in self.order]
        try:
            return Playbook.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            last = list(self._overlays)[-1]
            raise CannotBeLaidOn(last, self._where(last, first["loc"]), first["msg"]) from None

    def shaped_by(self) -> set[str]:
        return {source.document for source in (*self.sources.values(), *self.left_out.values())}

    # --- book-keeping -----------------------------------------------------------------------------------------------

    def _set(self, key: str, name: str, value: Any, source: Source) -> None:
        self.steps[key] = self.steps[key].model_copy(update={name: value})
        self.sources[key, name] = source

    def _note(self, key: str, name: str, source: Source, value: Any) -> None:
        before = self.sources.get((key, name))
        if before and before.document != source.document and self._values.get((key, name)) != value:
            self._disagree(key, name, source.document, before.document)
        self.sources[key, name] = source
        self._values[key, name] = value

    def _disagree(self, key: str, name: str, winner: str, loser: str) -> None:
        first, second = self._overlays[winner].priority, self._overlays[loser].priority
        why = f"priority {first} over {second}" if first != second else "both have the same priority; first by key"
        self.conflicts.append(Conflict(key, name, winner, loser, why))

    def _where(self, overlay: str, location: Location) -> Location:
        """Where in an overlay's file stands what is wrong in the result."""
        if len(location) > 1 and isinstance(location[1], int) and location[1] < len(self.order):
            key, name = self.order[location[1]], str(location[2]) if len(location) > 2 else STEP
            for place in ((key, name), (key, STEP)):
                if (source := self.sources.get(place)) and source.document == overlay:
                    return source.where
        return ()


def _written(change: Partial, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that were written, with their values; those of a part as `email.template`."""
    for name, value in change.written().items():
        if isinstance(value, Partial):
            yield from _written(value, f"{name}.")
        else:
            yield f"{prefix}{name}", value


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    """Replace a field, or within a part of the step the fields that were written. None puts back the default."""
    if value is None:
        values.pop(name, None)
    elif isinstance(value, Partial):
        part = values.get(name)
        inner = {each: getattr(part, each) for each in part.model_fields_set} if part else {}
        for each, written in value.written().items():
            _put(inner, each, written)
        values[name] = inner
    else:
        values[name] = value


def _milestone_of(step: StepSpec) -> str | None:
    return next((outcome.milestone for outcome in step.outcomes if outcome.milestone), None)


def _fixed(outcomes: Iterable[Outcome]) -> list[tuple[Any, ...]]:
    return [(outcome.key, outcome.stage, outcome.milestone, outcome.then) for outcome in outcomes]


def _without(outcome: Outcome, step: str) -> Outcome:
    kept = {name: [key for key in getattr(outcome, name) if key != step] for name in ("not_applicable", "reopen")}
    return outcome.model_copy(update=kept)
