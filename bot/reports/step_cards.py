"""Steps as cards for one reader: read in a handful of statements, however many steps there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.engine.actors import Actor
from bot.engine.calendars import local_date
from bot.engine.state import spec_of
from bot.engine.steps import UNDO_WINDOW
from bot.engine.transitions import UNDOABLE
from bot.library.library import Library
from bot.library.pinning import DIGEST, join_content
from bot.library.rendering import TemplateMistake, render_text
from bot.library.schema import Playbook, StepSpec
from bot.library.tags import asks_for_plan, build_context
from bot.models import (
    FINISHED,
    Account,
    AccountRole,
    Contact,
    Escalation,
    EscalationStatus,
    Member,
    MemberRole,
    Note,
    Run,
    RunStatus,
    Step,
    StepKind,
    StepStatus,
    Suggestion,
)
from bot.reports.cautions import load_card_cautions
from bot.reports.found_answers import found_answers, load_known
from bot.reports.success_plan import load_plan_tags
from bot.signals.findings import Asked
from bot.slack.step_card import Concerned, Ending, FoundAnswers, StepCard
from bot.slack.text import escape, plain

FELT = frozenset({StepStatus.DONE, StepStatus.SKIPPED})  # one can say of these whether they helped


@dataclass(frozen=True)
class StepWithRun:
    step: Step
    run: Run
    account: Account
    spec: StepSpec
    playbook: Playbook


@dataclass(frozen=True)
class Surroundings:
    """What cards tell besides their own rows: who people are, who is at the customer, how far the runs are."""

    members: dict[int, Member]
    contacts: dict[int, list[Contact]]  # by account
    run_steps: dict[int, list[Step]]  # by run, in order
    roles: dict[int, dict[MemberRole, int]]  # by account
    notes: dict[int, int]  # by step: how many
    raised: set[int]  # escalation steps whose escalation is not resolved yet
    plans: Mapping[int, Sequence[Mapping[str, Any]]] = field(default_factory=dict)  # by account, where guidance tells
    thumbs: dict[tuple[int, int], bool] = field(default_factory=dict)  # by step, member: whether it helped them
    known: dict[int, FoundAnswers] = field(default_factory=dict)  # by step: what a check arrives answered with

    def contact_of(self, run: Run) -> Contact | None:
        """The contact that a run is about."""
        return next((c for c in self.contacts.get(run.account_id, []) if c.id == run.contact_id), None)

    def team_of(self, account_id: int) -> dict[MemberRole, Member]:
        return {role: self.members[member_id] for role, member_id in self.roles.get(account_id, {}).items()}

    def name_of(self, member_id: int) -> str:
        member = self.members.get(member_id)
        return member.name if member else "someone"


async def load_step_cards(
    session: AsyncSession,
    library: Library,
    step_ids: Sequence[int],
    reader: Actor,
    now: datetime,
    *,
    answered: bool = False,
) -> list[StepCard]:
    """The cards of those of the steps that exist, in the given order; checks with what is known, when `answered`."""
    found = {each.step.id: each for each in await load_steps(session, library, step_ids)}
    around = await load_surroundings(session, found.values())
    if answered:
        around.known.update(await load_known_of(session, library, found.values(), around, reader, now))
    cautions = await load_card_cautions(session, library, found.values(), reader, now)
    cards = [build_card(found[step_id], around, reader, now) for step_id in step_ids if step_id in found]
    return [replace(card, caution=cautions.get(card.step_id)) for card in cards] if cautions else cards


async def load_steps(session: AsyncSession, library: Library, step_ids: Iterable[int]) -> list[StepWithRun]:
    query = (
        select(Step, Run, Account, DIGEST)
        .join(Run, col(Run.id) == Step.run_id)
        .join(Account, col(Account.id) == Step.account_id)
        .where(col(Step.id).in_(list(step_ids)))
    )
    found = []
    for step, run, account, digest in (await session.exec(join_content(query))).all():
        playbook = await library.version(session, run.playbook_version_id, digest, run.variant_id)
        found.append(StepWithRun(step, run, account, spec_of(playbook, step), playbook))
    return found


async def load_surroundings(session: AsyncSession, steps: Iterable[StepWithRun]) -> Surroundings:
    steps = list(steps)
    accounts = {each.account.id for each in steps}
    telling = {each.account.id for each in steps if asks_for_plan(each.spec.guidance)}
    plans = await load_plan_tags(session, telling) if telling else {}
    around = Surroundings({}, {}, {}, {}, {}, set(), plans)
    for row in (await session.exec(select(AccountRole).where(col(AccountRole.account_id).in_(accounts)))).all():
        around.roles.setdefault(row.account_id, {})[MemberRole(row.role)] = row.member_id
    contacts = select(Contact).where(col(Contact.account_id).in_(accounts)).order_by(col(Contact.id))
    for contact in (await session.exec(contacts)).all():
        around.contacts.setdefault(contact.account_id, []).append(contact)
    runs = {each.run.id for each in steps}
    for step in (await session.exec(select(Step).where(col(Step.run_id).in_(runs)).order_by(col(Step.position)))).all():
        around.run_steps.setdefault(step.run_id, []).append(step)
    people = {i for each in steps for i in (each.step.assignee_id, each.step.finished_by_id) if i is not None}
    people |= {member_id for roles in around.roles.values() for member_id in roles.values()}
    for member in (await session.exec(select(Member).where(col(Member.id).in_(people)))).all():
        around.members[member.id] = member
    notes = select(col(Note.step_id), func.count()).where(col(Note.step_id).in_([each.step.id for each in steps]))
    for step_id, number in (await session.exec(notes.group_by(col(Note.step_id)))).all():
        around.notes[step_id or 0] = number
    escalations = [each.step.id for each in steps if each.step.kind is StepKind.ESCALATION]
    around.raised.update(await _raised(session, escalations))
    around.thumbs.update(await _thumbs(session, [each.step.id for each in steps if each.step.status in FINISHED]))
    return around


async def load_known_of(
    session: AsyncSession,
    library: Library,
    steps: Iterable[StepWithRun],
    around: Surroundings,
    reader: Actor,
    now: datetime,
) -> dict[int, FoundAnswers]:
    """What is known of the checks among the steps that are still to be done, by step id."""
    asked = [
        Asked(each.step.id, each.spec, each.account, around.contact_of(each.run))
        for each in steps
        if each.spec.fills_itself and each.step.status is StepStatus.OPEN
    ]
    if not asked:
        return {}
    known = await load_known(await session.connection(), library, asked, around.roles, reader, now)
    return {step_id: found_answers(each, library, reader, now) for step_id, each in known.items()}


async def _thumbs(session: AsyncSession, step_ids: Sequence[int]) -> dict[tuple[int, int], bool]:
    if not step_ids:
        return {}
    query = select(col(Suggestion.step_id), col(Suggestion.author_id), col(Suggestion.helpful)).where(
        col(Suggestion.step_id).in_(step_ids)
    )
    return {(step or 0, who): helped for step, who, helped in (await session.exec(query)).all() if helped is not None}


async def _raised(session: AsyncSession, step_ids: Sequence[int]) -> set[int]:
    """Those of the escalation steps that end with an escalation of theirs, rather than by hand."""
    if not step_ids:
        return set()
    query = (
        select(Step.id)
        .join(Escalation, and_(col(Escalation.step_id) == Step.id, col(Escalation.run_id) == Step.run_id))
        .where(col(Step.id).in_(step_ids), col(Escalation.status) != EscalationStatus.RESOLVED)
    )
    return set((await session.exec(query)).all())


def build_card(found: StepWithRun, around: Surroundings, reader: Actor, now: datetime) -> StepCard:
    step, run, account, spec = found.step, found.run, found.account, found.spec
    today = local_date(now, reader.timezone)
    contacts = around.contacts.get(account.id, [])
    about = around.contact_of(run)
    number, total = _place_in_run(step, around.run_steps.get(run.id, []))
    return StepCard(
        step_id=step.id,
        revision=step.revision,
        title=step.title,
        kind=step.kind,
        status=step.status,
        account_id=account.id,
        account=account.name,
        playbook=run.title.removesuffix(f": {about.name}") if about else run.title,
        number=number,
        total=total,
        due_on=step.due_on,
        today=today,
        contact=about.name if about else None,
        optional=spec.optional,
        guidance=render_guidance(found, around, today),
        attendees=tuple(contact.name for contact in attendees(spec, contacts)),
        missing_attendees=tuple(role for role in spec.attendees if not any(role in c.roles for c in contacts)),
        assets=tuple(spec.assets),
        channel=spec.channel,
        system=spec.system,
        value=spec.value,
        consulted=concerned(spec.consulted, around, account.id),
        accountable=next(iter(concerned([spec.accountable], around, account.id)), None) if spec.accountable else None,
        informed=concerned(spec.informed, around, account.id),
        missing_role=step.role if step.role_missing else None,
        snoozed_until=step.snoozed_until,
        assignee=None if step.assignee_id == reader.member_id else around.name_of(step.assignee_id),
        paused=run.status is RunStatus.PAUSED,
        reason=step.reason,
        ending=_ending(found, around, reader, now) if step.status in FINISHED else None,
        notes=around.notes.get(step.id, 0),
        found=around.known.get(step.id),
        is_raised=step.id in around.raised,
    )


def _place_in_run(step: Step, steps: Sequence[Step]) -> tuple[int, int]:
    """Which of how many steps it is, counting those that apply."""
    applying = [other.id for other in steps if other.status is not StepStatus.NOT_APPLICABLE]
    return (applying.index(step.id) if step.id in applying else step.position) + 1, len(applying)


def concerned(roles: Iterable[MemberRole], around: Surroundings, account_id: int) -> tuple[Concerned, ...]:
    """Who plays these roles on the account, and which of them nobody does."""
    team = around.team_of(account_id)
    return tuple(
        Concerned(role, team[role].name, team[role].slack_user_id) if role in team else Concerned(role)
        for role in roles
    )


def attendees(spec: StepSpec, contacts: Iterable[Contact]) -> list[Contact]:
    """Who must be invited: everyone with one of the roles the step names."""
    return [contact for contact in contacts if set(spec.attendees) & set(contact.roles)]


def render_guidance(found: StepWithRun, around: Surroundings, today: date) -> str:
    """The step's guidance as mrkdwn. Merge tags know no revenue, so that everyone may read it."""
    context = build_context(
        account=found.account,
        today=today,
        members=around.team_of(found.account.id),
        contact=around.contact_of(found.run),
        run=found.run,
        playbook_title=found.run.title,
        steps=around.run_steps.get(found.run.id, []),
        plan=around.plans.get(found.account.id, ()),
    )
    try:
        return render_text(found.spec.guidance, context, escape=plain)
    except TemplateMistake:  # `playbooks lint` reports it; whoever does the step still gets the words
        return escape(found.spec.guidance)


def _ending(found: StepWithRun, around: Surroundings, reader: Actor, now: datetime) -> Ending:
    step = found.step
    outcome = next((outcome.label for outcome in found.spec.outcomes if outcome.key == step.outcome), None)
    return Ending(
        by=_finisher(step, around),
        at=step.finished_at.astimezone(ZoneInfo(reader.timezone)) if step.finished_at else None,
        outcome=outcome,
        reason=step.reason,
        undoable=_shows_undo(step, now),
        asks_feedback=_asks_feedback(step, reader, now),
        helped=around.thumbs.get((step.id, reader.member_id)),
    )


def _finisher(step: Step, around: Surroundings) -> str | None:
    """None for a step that never applied."""
    if step.finished_by_id:
        return around.name_of(step.finished_by_id)
    return "Playcall" if step.finished_at else None


def _asks_feedback(step: Step, reader: Actor, now: datetime) -> bool:
    """Of who has just finished it, while the step is fresh in mind."""
    if step.status not in FELT or step.finished_by_id != reader.member_id or step.finished_at is None:
        return False
    return now - step.finished_at < UNDO_WINDOW


def _shows_undo(step: Step, now: datetime) -> bool:
    """Whether to offer Undo. The engine has the last word when it is clicked."""
    if step.status not in UNDOABLE or step.finished_at is None or step.effects.get("sent"):
        return False
    return now - step.finished_at < UNDO_WINDOW
