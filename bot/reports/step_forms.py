"""What the modals of a step are filled with."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Reader
from bot.engine.actors import Actor
from bot.engine.answers import ON_FILE, Answer, Found
from bot.engine.calendars import local_date
from bot.engine.exit_criteria import evaluate_criteria
from bot.engine.state import load_team
from bot.errors import InvalidInput, NotFound
from bot.library.facts import account_facts
from bot.library.library import Library
from bot.library.pinning import DIGEST, join_content
from bot.library.references import CONFIRM_OUTCOME
from bot.library.schema import AnswerType, Question, StepSpec
from bot.models import FINISHED, AccountRole, Contact, Member, Note, Run, Step
from bot.prepared import Prepared, Statement
from bot.reports.found_answers import Known, load_known, source_words
from bot.reports.step_cards import (
    StepWithRun,
    attendees,
    build_card,
    load_known_of,
    load_steps,
    load_surroundings,
    render_guidance,
)
from bot.signals.findings import Asked
from bot.signals.windows import load_measures
from bot.slack.completion_modal import AskedQuestion, CompletionForm
from bot.slack.dates import moment_words
from bot.slack.details_modal import NOTES, StepDetails, WrittenNote
from bot.slack.ids import InputId
from bot.slack.payloads import Place, StepRef
from bot.slack.step_card import role_words
from bot.slack.step_modals import Colleague, StepHead

GONE = "That step is not there any more. The Home tab shows what is current."


async def load_step(session: AsyncSession, library: Library, step_id: int) -> StepWithRun:
    found = await load_steps(session, library, [step_id])
    if not found:
        raise NotFound(GONE)
    return found[0]


async def may_ask(reader: Reader, library: Library, step_id: int) -> bool:
    """Whether completing a step may have to ask for something first. Raises NotFound.

    A finished step is not asked about again. While this process does not know the run's playbook it answers True.
    """
    for row in await _SPEC.rows(reader, {"step_id": step_id}):
        playbook = library.known_version(row.digest)
        asks = playbook is None or any(spec.key == row.key and not spec.asks_nothing for spec in playbook.run_steps)
        return asks and row.status not in FINISHED
    raise NotFound(GONE)


def _spec() -> Statement:
    digest = DIGEST.label("digest")
    query = select(Step.key, Step.status, digest).join(Run, col(Run.id) == Step.run_id)
    return join_content(query).where(col(Step.id) == bindparam("step_id"))


_SPEC = Prepared(_spec)


def head_of(found: StepWithRun, place: Place) -> StepHead:
    """The head of a modal, with the step's revision as it is now: what changes from here on is told."""
    ref = StepRef(step=found.step.id, revision=found.step.revision, place=place)
    return StepHead(ref, found.step.title, found.account.name)


async def load_completion_form(
    session: AsyncSession, library: Library, found: StepWithRun, reader: Actor, now: datetime
) -> CompletionForm:
    known = await load_known_answers(session, library, found, reader, now)
    so_far = await _answered(session, found, now)
    return CompletionForm(
        outcomes=tuple(found.spec.outcomes),
        questions=tuple(
            AskedQuestion(question)
            if question.key in known.hidden
            else so_far.get(question.key) or _asked(question, known.found.get(question.key), reader, now)
            for question in found.spec.questions
        ),
        artefact=found.spec.artefact,
        artefact_so_far=found.step.artefact,
    )


async def load_known_answers(
    session: AsyncSession, library: Library, found: StepWithRun, reader: Actor, now: datetime
) -> Known:
    """What is known of the step's questions, as far as the reader may see it."""
    account = found.account
    contact = await session.get(Contact, found.run.contact_id) if found.run.contact_id else None
    roles = {account.id: (await load_team(session, account.id)).roles}
    asked = [Asked(found.step.id, found.spec, account, contact)]
    known = await load_known(await session.connection(), library, asked, roles, reader, now)
    return known[found.step.id]


async def _answered(session: AsyncSession, found: StepWithRun, now: datetime) -> dict[str, AskedQuestion]:
    """What was answered before the step was sent back; and what is on file about exit criteria."""
    criteria = await _criteria(session, found, now) if found.step.key == CONFIRM_OUTCOME else {}
    answers: dict[str, Any] = {**criteria, **found.step.answers}
    known = {}
    for question in found.spec.questions:
        if question.key in answers:
            words = _as_typed(question.type, answers[question.key])
            known[question.key] = AskedQuestion(question, words, f"{_source(question.key in criteria)}: {words}.")
    return known


async def _criteria(session: AsyncSession, found: StepWithRun, now: datetime) -> dict[str, bool]:
    account, criteria = found.account, found.playbook.exit_criteria
    measures = {measure for criterion in criteria for measure in criterion.measures.values()}
    took = await load_measures(await session.connection(), [account.id], measures, now)
    numbers = {measure: known.number for measure, known in took[account.id].items() if known.number is not None}
    return evaluate_criteria(found.playbook, {"account": account_facts(account, now.date())}, numbers)


def _source(is_criterion: bool) -> str:
    return "By what is on file" if is_criterion else "Answered before"


def _asked(question: Question, found: Found | None, reader: Actor, now: datetime) -> AskedQuestion:
    if found is None:
        return AskedQuestion(question)
    words = _as_typed(question.type, found.value)
    if found.source == ON_FILE:
        subject, *path = str(question.prefill).split(".")
        field = path[-1].replace("_", " ").removesuffix(" date")
        return AskedQuestion(question, words, f"On file for the {subject} ({field}): {words}.")
    stale = " It is out of date." if found.is_stale else ""
    return AskedQuestion(question, words, f"{source_words(found, reader, now)}: {words}.{stale}")


def _as_typed(kind: AnswerType, value: Answer) -> str:
    if kind is AnswerType.YES_NO and isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


async def load_colleagues(session: AsyncSession, but: int) -> list[Colleague]:
    """Everyone a step can be given to, without the one who has it."""
    query = select(Member).where(col(Member.active), Member.id != but).order_by(col(Member.name))
    return [Colleague(m.id, m.name, m.role.upper() if len(m.role) < 4 else m.role) for m in await session.exec(query)]


async def load_helpers(session: AsyncSession, account_id: int, but: int) -> list[Colleague]:
    """The people of the account who can be asked for help, each once, with the roles they play there."""
    query = (
        select(Member.id, Member.name, AccountRole.role)
        .join(AccountRole, col(AccountRole.member_id) == Member.id)
        .where(AccountRole.account_id == account_id, col(Member.active), Member.id != but)
        .order_by(col(Member.name), col(AccountRole.role))
    )
    roles: dict[tuple[int, str], list[str]] = {}
    for member_id, name, role in (await session.exec(query)).all():
        roles.setdefault((member_id, name), []).append(role_words(role))
    return [Colleague(member_id, name, ", ".join(words)) for (member_id, name), words in roles.items()]


async def find_colleague(session: AsyncSession, chosen: str | None) -> int:
    """The member who was chosen, by their id or, from a choice among everyone in Slack, by their user id."""
    if not chosen:
        raise InvalidInput("Choose a colleague.", field=InputId.MEMBER)
    if chosen.isdecimal():
        return int(chosen)
    query = select(Member.id).where(Member.slack_user_id == chosen, col(Member.active))
    member_id = (await session.exec(query)).one_or_none()
    if member_id is None:
        raise InvalidInput("That person is not a member of the team in Playcall.", field=InputId.MEMBER)
    return member_id


async def load_details(
    session: AsyncSession, library: Library, step_id: int, reader: Actor, now: datetime
) -> StepDetails:
    found = await load_step(session, library, step_id)
    around = await load_surroundings(session, [found])
    around.known.update(await load_known_of(session, library, [found], around, reader, now))
    today = local_date(now, reader.timezone)
    contacts = around.contacts.get(found.account.id, [])
    return StepDetails(
        card=build_card(found, around, reader, now),
        guidance=render_guidance(found, around, today),
        whose=around.name_of(found.step.assignee_id),
        needs=tuple(await _titles(session, found)),
        asks=tuple(_asked_words(found.spec)),
        people=tuple(f"{c.name} ({c.email})" for c in attendees(found.spec, contacts)),
        notes=tuple(await _notes(session, step_id, reader, today)),
    )


async def _titles(session: AsyncSession, found: StepWithRun) -> list[str]:
    query = select(Step.title).where(Step.run_id == found.run.id, col(Step.key).in_(found.spec.needs))
    return list((await session.exec(query.order_by(col(Step.position)))).all())


def _asked_words(spec: StepSpec) -> list[str]:
    asked = ["how it ended"] if spec.outcomes else []
    asked += [question.label for question in spec.questions]
    return asked + ([spec.artefact.label] if spec.artefact else [])


async def _notes(session: AsyncSession, step_id: int, reader: Actor, today: date) -> list[WrittenNote]:
    query = (
        select(Note, Member.name)
        .join(Member, col(Member.id) == Note.author_id)
        .where(Note.step_id == step_id)
        .order_by(col(Note.created_at).desc())
        .limit(NOTES)
    )
    zone = ZoneInfo(reader.timezone)
    return [
        WrittenNote(author, moment_words(note.created_at.astimezone(zone), today), note.body)
        for note, author in (await session.exec(query)).all()
    ]
