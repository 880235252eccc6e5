"""What buttons, options and modals carry: small versioned models of ids. All else is read when they come back."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import WrongState
from bot.models import AskStatus


class Outdated(WrongState):
    """That button is from an older version of Playcall. Open Playcall's Home tab, or type `/playbook today`."""


class Payload(BaseModel):
    """The base of all of them. A change of meaning takes a new `v`; what carries an old one is Outdated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1

    def pack(self) -> str:
        return self.model_dump_json(exclude_none=True)


P = TypeVar("P", bound=Payload)


def unpack(model: type[P], packed: str) -> P:
    """What was packed. Raises Outdated for anything this version does not understand."""
    try:
        return model.model_validate_json(packed)
    except ValidationError as error:
        raise Outdated from error


# --- steps, runs and escalations --------------------------------------------------------------------------------------


class Place(StrEnum):
    """Where a button stands, and so how its effect is shown."""

    MESSAGE = "message"  # a posted message: the outbox redraws it
    TODAY = "today"  # the private answer to `/playbook today`: only the click itself can redraw it
    ALERTS = "alerts"  # the private answer to `/account alerts`, likewise
    HOME = "home"


class StepRef(Payload):
    """A step as it was shown: `revision` tells a modal whether the step has changed since."""

    step: int
    revision: int
    place: Place = Place.MESSAGE


class FoundRef(StepRef):
    """A check as it was shown: `found` stands for the answers that are confirmed, so that no others are."""

    found: str


class EmailForm(StepRef):
    """An email being reviewed. `to` is whom it goes to unless another contact is chosen; None: to everyone meant."""

    to: int | None = None


class MenuItem(StrEnum):
    """What the menu of a step offers besides its buttons."""

    DETAILS = "details"
    SKIP = "skip"
    NOT_APPLICABLE = "not_applicable"
    REASSIGN = "reassign"
    BLOCK = "block"


class MenuChoice(StepRef):
    item: MenuItem


class EscalationRef(Payload):
    escalation: int


class MilestoneRef(Payload):
    milestone: int


class EscalateForm(Payload):
    """An escalation being written: about an account, maybe because of a step."""

    account: int
    step: int | None = None


class ThreadNote(Payload):
    """A reply in Slack that may become a note of the account that the step belongs to."""

    step: int
    channel: str
    thread: str
    ts: str


class StartRun(Payload):
    """A playbook about to be started on a contact who is still to be chosen."""

    account: int
    playbook: str


class SkipRound(Payload):
    """A round of a recurring playbook about to be skipped."""

    account: int
    playbook: str


# --- alerts -----------------------------------------------------------------------------------------------------------


class AlertRef(Payload):
    """An alert. In a list of alerts, `account` or `everybodys` says whose list it is; neither: the reader's own."""

    alert: int
    place: Place = Place.MESSAGE
    account: int | None = None
    everybodys: bool = False


# --- accounts ---------------------------------------------------------------------------------------------------------


class AccountRef(Payload):
    account: int


class AccountEditForm(Payload):
    """An account being edited, as it was when the modal was opened."""

    account: int
    updated_at: datetime


class StageMove(Payload):
    """An account about to go on to a stage."""

    account: int
    stage: str


class BulkStart(Payload):
    """A playbook about to be started on all accounts of a segment, by whoever has seen how many there are."""

    playbook: str
    segment: str


class QuarantineRef(Payload):
    """Any one of the signals that came under one name from one source."""

    quarantined: int


class LoggedMessage(Payload):
    """A message in Slack that is to become a note, once."""

    channel: str
    ts: str


# --- versions and exemptions of playbooks -----------------------------------------------------------------------------


class VersionRef(Payload):
    version: int


class RuleRef(Payload):
    """A rule as it was shown: `digest`, the first characters of it, tells whether it has changed since."""

    rule: str
    digest: str


class MoveForm(Payload):
    """Runs about to be moved, to the version that was in use when the form was opened: on one account or on all."""

    playbook: str
    version: int
    account: int | None = None


class ExemptionRef(Payload):
    exemption: int


class ExemptionForm(Payload):
    """An exemption being asked for: from a playbook or from the gate of a stage."""

    account: int
    playbook: str | None = None
    stage: str | None = None


# --- success plan and advocacy ----------------------------------------------------------------------------------------


class ObjectiveRef(Payload):
    """An objective as it was shown: `revision` tells whether it has changed since."""

    objective: int
    revision: int


class ContactRef(Payload):
    contact: int


class AskRef(Payload):
    """An ask. `page` is the page of the account's advocates it is shown on; None: it stands alone in a message."""

    ask: int
    page: int | None = None


class AskAnswer(Payload):
    """What came of an ask, while the words to it are being written."""

    ask: int
    status: AskStatus


# --- what leaders look at, feedback -----------------------------------------------------------------------------------


class SuggestionRef(Payload):
    suggestion: int


# --- rehearsals -------------------------------------------------------------------------------------------------------


class RehearsalPage(Payload):
    """A page (from 1) of a rehearsal. It is carried out anew at each click: the same start makes the same pages."""

    playbook: str
    account: int
    page: int
    started_on: date
