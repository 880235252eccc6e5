"""What has happened to the demo's customers, told as scenes and played through the engine.

A scene is somebody doing something on a day in the past. Playing it calls the same use case a click would, with the
time of that day, so that the timeline, the runs and the health of the sample book are made the way real ones are.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.accounts import ContactDraft, log_sentiment, save_contact
from bot.engine.actors import Actor
from bot.engine.advocacy import answer_ask, ask_contact
from bot.engine.answers import Completion
from bot.engine.calendars import local_date
from bot.engine.escalations import acknowledge_escalation, resolve_escalation
from bot.engine.journeys.joining import confirm_met, load_proposals
from bot.engine.journeys.moving import put_on_journey
from bot.engine.journeys.serving import row_of
from bot.engine.milestones import plan_milestone, reach_milestone
from bot.engine.notes import add_note
from bot.engine.objectives import ObjectiveFields, add_objective, update_objective
from bot.engine.raising import raise_escalation
from bot.engine.runs import cancel_run, start_run
from bot.engine.steps import block_step, complete_step
from bot.library.library import Library
from bot.models import (
    Account,
    Anchor,
    AskKind,
    AskStatus,
    Contact,
    ContactRole,
    Escalation,
    MemberRole,
    NoteSource,
    Objective,
    ObjectiveStatus,
    Run,
    RunStatus,
    Sentiment,
    Severity,
    Step,
)


@dataclass(frozen=True, slots=True)
class In:
    """A day that many days from today (before it, when negative). Answers that hold one are given as its date."""

    days: int


@dataclass(frozen=True)
class Moment:
    """What an act is played with: one account, one person, one moment, inside one transaction."""

    session: AsyncSession
    library: Library
    account_id: int
    actor: Actor
    now: datetime
    today: date  # the day the book is made, which `In` counts from

    def day(self, value: In) -> date:
        return self.today + timedelta(days=value.days)

    async def step(self, key: str) -> Step:
        """The account's newest step with this key."""
        query = (
            select(Step)
            .where(Step.account_id == self.account_id, Step.key == key)
            .order_by(col(Step.id).desc())
            .limit(1)
        )
        return (await self.session.exec(query)).one()

    async def contact(self, name: str) -> Contact:
        query = select(Contact).where(Contact.account_id == self.account_id, Contact.name == name)
        return (await self.session.exec(query)).one()

    async def escalation(self) -> Escalation:
        query = select(Escalation).where(Escalation.account_id == self.account_id).order_by(col(Escalation.id).desc())
        return (await self.session.exec(query.limit(1))).one()


class Act(Protocol):
    async def play(self, moment: Moment) -> None: ...


@dataclass(frozen=True)
class Scene:
    """`days_ago` counts working days before today; 0 is this morning."""

    days_ago: int
    who: str
    act: Act


@dataclass(frozen=True)
class Starts:
    playbook: str

    async def play(self, moment: Moment) -> None:
        await start_run(
            moment.session, moment.library, moment.account_id, self.playbook, moment.now, actor=moment.actor
        )


@dataclass(frozen=True)
class CallsOff:
    """What is open of a playbook is cancelled."""

    playbook: str
    reason: str

    async def play(self, moment: Moment) -> None:
        query = select(Run.id).where(
            Run.account_id == moment.account_id, Run.playbook_key == self.playbook, Run.status == RunStatus.ACTIVE
        )
        for run_id in (await moment.session.exec(query)).all():
            await cancel_run(moment.session, moment.library, run_id, moment.actor, moment.now, reason=self.reason)


@dataclass(frozen=True)
class RenewalComesNear:
    """The renewal playbook starts by itself, 120 days ahead, and does not start a second time for the same date."""

    async def play(self, moment: Moment) -> None:
        playbook = "renewal-120"
        account = await moment.session.get_one(Account, moment.account_id)
        key = f"{playbook}:{account.id}:{Anchor.RENEWAL_DATE}:{account.renewal_date}"
        await start_run(moment.session, moment.library, account.id, playbook, moment.now, actor=None, trigger_key=key)


@dataclass(frozen=True)
class Completes:
    step: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    outcome: str | None = None
    artefact: str | None = None
    reason: str | None = None

    async def play(self, moment: Moment) -> None:
        answers = {
            key: moment.day(value).isoformat() if isinstance(value, In) else value
            for key, value in self.answers.items()
        }
        completion = Completion(self.outcome, answers, self.artefact, self.reason)
        step = await moment.step(self.step)
        await complete_step(moment.session, moment.library, step.id, moment.actor, moment.now, completion)


@dataclass(frozen=True)
class Blocks:
    step: str
    reason: str

    async def play(self, moment: Moment) -> None:
        step = await moment.step(self.step)
        await block_step(moment.session, moment.library, step.id, moment.actor, moment.now, reason=self.reason)


@dataclass(frozen=True)
class Notes:
    body: str
    step: str | None = None

    async def play(self, moment: Moment) -> None:
        step_id = (await moment.step(self.step)).id if self.step else None
        await add_note(
            moment.session,
            moment.account_id,
            moment.actor,
            moment.now,
            body=self.body,
            source=NoteSource.COMMAND,
            step_id=step_id,
        )


@dataclass(frozen=True)
class Feels:
    sentiment: Sentiment
    comment: str

    async def play(self, moment: Moment) -> None:
        await log_sentiment(
            moment.session, moment.library, moment.account_id, self.sentiment, self.comment, moment.actor, moment.now
        )


@dataclass(frozen=True)
class Reaches:
    milestone: str
    evidence: str

    async def play(self, moment: Moment) -> None:
        await reach_milestone(
            moment.session,
            moment.library,
            moment.account_id,
            self.milestone,
            moment.actor,
            moment.now,
            evidence=self.evidence,
        )


@dataclass(frozen=True)
class Plans:
    milestone: str
    on: In

    async def play(self, moment: Moment) -> None:
        await plan_milestone(
            moment.session, moment.account_id, self.milestone, moment.actor, moment.now, target=moment.day(self.on)
        )


@dataclass(frozen=True)
class JoinsJourney:
    """The account is put on the journey that the segment table names for it."""

    async def play(self, moment: Moment) -> None:
        account = await moment.session.get_one(Account, moment.account_id)
        row = row_of(moment.library, account, local_date(moment.now, moment.actor.timezone))
        if row and row.journey and row.journey in moment.library.journeys:
            await put_on_journey(
                moment.session,
                moment.library,
                account.id,
                row.journey,
                moment.actor,
                moment.now,
                why=f"row “{row.title}”",
            )


@dataclass(frozen=True)
class ConfirmsReached:
    """The account joined its journey in the middle: what is behind it is confirmed, but for some keys."""

    but: Sequence[str] = ()

    async def play(self, moment: Moment) -> None:
        account = await moment.session.get_one(Account, moment.account_id)
        proposed = await load_proposals(moment.session, moment.library, account, moment.now)
        ids = [one.milestone_id for one in proposed if one.key not in self.but]
        if ids:
            await confirm_met(moment.session, moment.library, moment.account_id, ids, moment.actor, moment.now)


@dataclass(frozen=True)
class Meets:
    """A person at the customer becomes known, or changes."""

    name: str
    email: str
    title: str
    roles: Sequence[ContactRole] = ()
    nps: int | None = None

    async def play(self, moment: Moment) -> None:
        draft = ContactDraft(name=self.name, email=self.email, title=self.title, roles=list(self.roles), nps=self.nps)
        await save_contact(moment.session, moment.library, moment.account_id, draft, moment.actor, moment.now)


@dataclass(frozen=True)
class Escalates:
    ask: str
    tried: str
    severity: Severity = Severity.HIGH
    to: MemberRole = MemberRole.LEADER

    async def play(self, moment: Moment) -> None:
        await raise_escalation(
            moment.session,
            moment.library,
            moment.account_id,
            moment.actor,
            moment.now,
            target=self.to,
            severity=self.severity,
            ask=self.ask,
            tried=self.tried,
        )


@dataclass(frozen=True)
class Acknowledges:
    async def play(self, moment: Moment) -> None:
        escalation = await moment.escalation()
        await acknowledge_escalation(moment.session, escalation.id, moment.actor, moment.now)


@dataclass(frozen=True)
class Resolves:
    how: str

    async def play(self, moment: Moment) -> None:
        escalation = await moment.escalation()
        await resolve_escalation(
            moment.session, moment.library, escalation.id, moment.actor, moment.now, resolution=self.how
        )


@dataclass(frozen=True)
class Aims:
    """An objective of the customer's success plan is agreed. `owner` is the name of a contact."""

    title: str
    measure: str
    baseline: str
    target: str
    due: In
    owner: str

    async def play(self, moment: Moment) -> None:
        contact = await moment.contact(self.owner)
        fields = ObjectiveFields(
            self.title,
            measure=self.measure,
            baseline=self.baseline,
            target=self.target,
            due_on=moment.day(self.due),
            owner_contact_id=contact.id,
        )
        await add_objective(moment.session, moment.account_id, fields, moment.actor, moment.now)


@dataclass(frozen=True)
class Measures:
    """Where an objective stands, or that it is met; the evidence is what shows it."""

    title: str
    current: str
    status: ObjectiveStatus = ObjectiveStatus.OPEN
    evidence: str | None = None

    async def play(self, moment: Moment) -> None:
        query = select(Objective).where(Objective.account_id == moment.account_id, Objective.title == self.title)
        objective = (await moment.session.exec(query)).one()
        entered = {each.name: getattr(objective, each.name) for each in dataclasses.fields(ObjectiveFields)}
        changes = {"current": self.current, "status": self.status, "evidence": self.evidence}
        await update_objective(
            moment.session,
            objective.id,
            ObjectiveFields(**(entered | changes)),
            moment.actor,
            moment.now,
            seen=objective.revision,
        )


@dataclass(frozen=True)
class Asks:
    """A contact is asked a favour, and says something to it unless `answer` is None."""

    who: str
    kind: AskKind
    answer: AskStatus | None = None
    words: str | None = None

    async def play(self, moment: Moment) -> None:
        contact = await moment.contact(self.who)
        asked = await ask_contact(moment.session, moment.library, contact.id, self.kind, moment.actor, moment.now)
        if self.answer:
            await answer_ask(moment.session, asked.ask.id, self.answer, moment.actor, moment.now, outcome=self.words)
