"""The runs of a load test: every shipped playbook in turn, with open steps and what is planned for them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from bot.demo.load.scale import Scale
from bot.demo.load.sheets import Sheet, Values
from bot.engine.outbox import member_lane
from bot.library.schema import Playbook
from bot.models import (
    DeliveryKind,
    DeliveryStatus,
    MemberRole,
    RunStatus,
    StepStatus,
    TimelineKind,
    TouchpointKind,
    TouchpointStatus,
)

STARTED = timedelta(days=21)
SPREAD, LATE = 90, 5  # due dates lie on so many days, so many of them behind us
MORNING = time(9, tzinfo=UTC)
DUE = 20  # what is drawn
SATURDAY = 5

RUNS = [
    "id",
    "account_id",
    "playbook_version_id",
    "playbook_key",
    "title",
    "status",
    "trigger_key",
    "started_on",
    "started_at",
]
STEPS = [
    "id",
    "run_id",
    "account_id",
    "key",
    "position",
    "title",
    "kind",
    "role",
    "assignee_id",
    "role_missing",
    "status",
    "due_on",
    "opened_at",
    "finished_at",
    "finished_by_id",
    "answers",
    "found",
    "effects",
    "revision",
]
TOUCHPOINTS = ["id", "kind", "status", "account_id", "step_id", "revision", "fire_at", "at_once"]
TIMELINE = ["account_id", "run_id", "kind", "summary", "details", "at"]
DELIVERIES = [
    "id",
    "key",
    "kind",
    "status",
    "lane",
    "member_id",
    "payload",
    "available_at",
    "attempts",
    "created_at",
    "finished_at",
]
MESSAGES = ["id", "kind", "channel", "ts", "delivery_id", "created_at"]
SHOWN = ["message_id", "step_id", "position"]
TABLES = {
    "runs": RUNS,
    "steps": STEPS,
    "touchpoints": TOUCHPOINTS,
    "timeline": TIMELINE,
    "deliveries": DELIVERIES,
    "posted_messages": MESSAGES,
    "posted_steps": SHOWN,
}


@dataclass(frozen=True)
class Stored:
    """A playbook with the row of its approved version."""

    version_id: int
    playbook: Playbook


@dataclass
class Work:
    """Goes on counting from one batch of accounts to the next."""

    scale: Scale
    playbooks: Sequence[Stored]
    runs: int = 0
    steps: int = 0
    touchpoints: int = 0
    _rows: dict[str, list[Values]] = field(default_factory=dict)

    def sheets(self, accounts: Sequence[int]) -> Iterator[Sheet]:
        """The runs of these accounts, their steps, touchpoints and timeline, and the message that told of each run."""
        self._rows = {table: [] for table in TABLES}
        for account in accounts:
            self._start(account)
        for table, columns in TABLES.items():
            yield Sheet(table, columns, self._rows[table])

    def _start(self, account: int) -> None:
        """Run after run, until the account has its open steps. The last steps of a run are the ones that are open."""
        left, turn = self.scale.steps_of(account), account
        while left > 0:
            stored = self.playbooks[turn % len(self.playbooks)]
            opened = min(left, len(stored.playbook.run_steps))
            self._run(account, stored, opened, f"load:{account}:{turn}")
            left, turn = left - opened, turn + 1

    def _run(self, account: int, stored: Stored, opened: int, reason: str) -> None:
        self.runs += 1
        playbook, began = stored.playbook, self.scale.now - STARTED
        about = (stored.version_id, playbook.key, playbook.title, RunStatus.ACTIVE, reason)
        self._rows["runs"].append((self.runs, account, *about, began.date(), began))
        self._rows["timeline"].append(
            (account, self.runs, TimelineKind.RUN_STARTED, f"started “{playbook.title}”", "{}", began)
        )
        self._tell(self.scale.csm(account), began)
        finished = len(playbook.run_steps) - opened
        for position, spec in enumerate(playbook.run_steps):
            self.steps += 1
            assignee, is_missing = self._assignee(account, spec.role)
            is_open = position >= finished
            due_on = self._due(self.steps) if is_open else began.date()
            self._rows["steps"].append(
                (
                    *(self.steps, self.runs, account, spec.key, position, spec.title, spec.kind, spec.role),
                    *(assignee, is_missing, StepStatus.OPEN if is_open else StepStatus.DONE, due_on, began),
                    *((None, None) if is_open else (began, assignee)),
                    *("{}", "{}", "{}", 0),
                )
            )
            self._rows["posted_steps"].append((self.runs, self.steps, position))
            if is_open:
                self._plan(account, due_on)

    def _tell(self, csm: int, at: datetime) -> None:
        """The latest run was told of in a direct message. No Slack knows of it."""
        sent = (DeliveryKind.STEPS, DeliveryStatus.SENT, member_lane(csm), csm, "{}", at, 1, at, at)
        self._rows["deliveries"].append((self.runs, f"load-{self.runs}", *sent))
        self._rows["posted_messages"].append(
            (self.runs, DeliveryKind.STEPS, f"DLOAD{csm}", f"{self.runs}.000000", self.runs, at)
        )

    def _assignee(self, account: int, role: MemberRole) -> tuple[int, bool]:
        """Who has the role, and whether nobody has, so that it is the CSM."""
        if role is MemberRole.AE:
            return self.scale.ae(account), False
        if role is MemberRole.LEADER:
            return self.scale.leader(account), False
        return self.scale.csm(account), role is not MemberRole.CSM

    def _due(self, step: int) -> date:
        day = self.scale.now.date() + timedelta(days=self.scale.draw(DUE, step, SPREAD) - LATE)
        return day if day.weekday() < SATURDAY else day + timedelta(days=7 - day.weekday())

    def _plan(self, account: int, due_on: date) -> None:
        """What the latest step does next: it comes due, or for a late one, is told of as overdue a week after."""
        self.touchpoints += 1
        is_late = due_on <= self.scale.now.date()
        kind = TouchpointKind.OVERDUE if is_late else TouchpointKind.DUE
        fire_at = datetime.combine(due_on + timedelta(days=7 if is_late else 0), MORNING)
        self._rows["touchpoints"].append(
            (self.touchpoints, kind, TouchpointStatus.PLANNED, account, self.steps, 0, fire_at, False)
        )
