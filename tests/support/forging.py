"""Everything that can be clicked or submitted about acme, as somebody writes it who never saw the button.

`make_everything` puts one of each thing on acme; `forgeries` lists what can be sent about them, and who may do it.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import SQLModel, col, select

from bot.db import Database
from bot.engine.escalations import resolve_escalation
from bot.engine.governance.exemptions import request_exemption
from bot.engine.governance.syncing import sync_versions
from bot.engine.milestones import reach_milestone
from bot.engine.objectives import ObjectiveFields, add_objective
from bot.engine.rules.standing import sync_rules
from bot.engine.steps import block_step, complete_step
from bot.engine.suggestions import suggest
from bot.library.advocacy import AdvocacyPolicy
from bot.library.rule_files import RuleBook
from bot.models import (
    AdvocacyAsk,
    Alert,
    AskKind,
    AskStatus,
    BlockCategory,
    Contact,
    Escalation,
    Exemption,
    MemberRole,
    Milestone,
    Objective,
    PlaybookVersion,
    QuarantinedSignal,
    Run,
    Severity,
    Signal,
    Stage,
    Step,
    Suggestion,
    VersionStatus,
)
from bot.slack.ids import ANSWER_PREFIX, ActionId, CallbackId, InputId
from bot.slack.payloads import (
    AccountEditForm,
    AccountRef,
    AlertRef,
    AskAnswer,
    AskRef,
    BulkStart,
    ContactRef,
    EmailForm,
    EscalateForm,
    EscalationRef,
    ExemptionForm,
    ExemptionRef,
    FoundRef,
    LoggedMessage,
    MenuChoice,
    MenuItem,
    MilestoneRef,
    MoveForm,
    ObjectiveRef,
    Payload,
    QuarantineRef,
    RehearsalPage,
    RuleRef,
    SkipRound,
    StageMove,
    StartRun,
    StepRef,
    SuggestionRef,
    ThreadNote,
    VersionRef,
)
from tests.support.alerts import alert
from tests.support.journeys import make_journey, set_account, use_journeys, use_table
from tests.support.play import Play
from tests.support.rules import make_rule
from tests.support.signals import send, usage
from tests.support.workspace import slack_id
from tests.support.world import World, use_playbook

CHECK: dict[str, Any] = {
    "key": "check",
    "kind": "check",
    "system": {"name": "Help desk"},
    "questions": [
        {"key": "open_tickets", "label": "Open tickets", "type": "number", "measure": {"metric": "tickets_open"}}
    ],
}
MAIL = {"key": "mail", "kind": "email", "email": {"template": "adoption/tip", "to": ["champion"]}}
SHIFTED = {"key": "call", "due": "3d"}


@dataclass(frozen=True)
class Forgery:
    """A click or a form. `may` is somebody who may; what only opens a form or shows something is `read`."""

    id: ActionId | CallbackId
    payload: Payload
    values: Mapping[Any, str | date | list[str]] = field(default_factory=dict)
    may: str = "maya"
    reads: bool = False

    @property
    def name(self) -> str:
        return f"{'click' if isinstance(self.id, ActionId) else 'form'} {self.id}"

    async def send(self, play: Play, user: str) -> dict[str, Any]:
        if isinstance(self.id, ActionId):
            return await play.ws.forge_click(user, self.id, self.payload.pack())
        return await play.ws.forge_form(user, self.id, self.payload.pack(), self.values)


@dataclass(frozen=True)
class Things:
    """One of each, by id."""

    account: int
    contact: int
    steps: Mapping[str, Step]
    ask: int
    alert: int
    escalation: int
    resolved: int
    exemption: int
    kick_off: int
    celebrated: int
    objective: int
    quarantined: int
    suggestion: int
    draft: int
    moved: int  # the version in use of `moved`, which a run is behind
    rule_digest: str
    reply: str  # when maya replied in #cs-leaders


async def make_everything(play: Play) -> Things:
    """acme is maya's and onboarding; a run of `everything` is under way, and all sorts of things wait for an answer."""
    world, library = play.world, play.ws.services.library
    world.library = library
    library.advocacy_policy = AdvocacyPolicy(not_while_escalated=False, not_while_at_risk=False)
    use_table(library)
    use_journeys(library, make_journey())
    await set_account(world, stage=Stage.ONBOARDING, contract_start=date(2026, 1, 15), go_live_date=date(2026, 4, 1))
    await play.ws.command("maya", "/account", "journey acme first")
    await _write_playbooks(play)
    world.library = library
    await send(world, usage(1, account="cust-9", external_id="1"))
    await alert(world, playbook_key="fresh")
    await world.escalate()
    resolved = (await world.escalate(ask="Please call them again.")).id
    now, account_id = world.now, world.account_id
    async with world.database.transaction() as session:
        jane = (await session.exec(select(Contact))).one()
        asked = AskKind.REVIEW
        session.add(
            AdvocacyAsk(
                account_id=account_id, contact_id=jane.id, kind=asked, asked_by_id=world.maya.member_id, asked_at=now
            )
        )
        await resolve_escalation(session, library, resolved, world.dana, now, resolution="Called.")
        await request_exemption(
            session,
            library,
            account_id,
            world.maya,
            now,
            reason="A merger",
            until=date(2026, 4, 3),
            playbook_key="round",
        )
        await reach_milestone(session, library, account_id, "hundred-users", world.maya, now)
        await add_objective(session, account_id, ObjectiveFields("Faster reports"), world.maya, now)
        await suggest(session, "moved", world.maya, now, body="Ask for the admin first")
    return await _find(play, resolved)


async def _write_playbooks(play: Play) -> None:
    world, library = play.world, play.ws.services.library
    monthly = [{"on": "recurring", "every": "month", "day": "15d"}]
    use_playbook(library, {"key": "call"}, key="fresh")
    use_playbook(library, {"key": "call"}, key="person", subject="contact")
    use_playbook(library, {"key": "call"}, key="round", triggers=monthly)
    use_playbook(library, {"key": "call"}, key="drafted")
    everything: list[dict[str, Any]] = [{"key": "call"}, {"key": "blocked"}, {"key": "done"}, MAIL, CHECK]
    await _start(play, "everything", *everything)
    await _start(play, "moved", {"key": "call"})
    await _sync(play)
    steps = await _steps(world)
    session_data: dict[str, Any] = {
        "account_id": world.account_id,
        "source": "zendesk",
        "observed_at": world.now - timedelta(hours=1),
    }
    async with world.database.transaction() as session:
        session.add(Signal(kind="tickets_open", number=4, external_id="t", created_at=world.now, **session_data))
        await complete_step(session, library, steps["done"].id, world.maya, world.now)
        await block_step(
            session, library, steps["blocked"].id, world.maya, world.now, reason="No data", category=BlockCategory.OTHER
        )
    use_playbook(library, SHIFTED, key="moved")
    use_playbook(library, SHIFTED, key="drafted")
    async with world.database.transaction() as session:
        await sync_rules(session, library, world.now)  # from now on a new rule is held
    library.rule_book = RuleBook({"drop": make_rule(then={"start": "fresh"})})
    await _sync(play)
    async with world.database.transaction() as session:
        await sync_rules(session, library, world.now)
        newest = select(PlaybookVersion).where(PlaybookVersion.key == "moved", PlaybookVersion.version == 2)
        version = (await session.exec(newest)).one().id
    await play.ws.forge_click("dana", ActionId.VERSION_APPROVE, VersionRef(version=version).pack())


async def _start(play: Play, key: str, *steps: dict[str, Any]) -> None:
    use_playbook(play.ws.services.library, *steps, key=key)
    answer = await play.ws.command("maya", "/playbook", f"start {key} acme")
    assert "has started" in answer["text"], answer


async def _sync(play: Play) -> None:
    """What every process does when files have changed."""
    library = play.ws.services.library
    async with play.world.database.transaction() as session:
        await sync_versions(session, library, play.world.now)
    async with play.world.database.glance() as reader:
        await library.refresh(reader)


async def _steps(world: World) -> dict[str, Step]:
    async with world.database.transaction() as session:
        query = select(Step).join(Run, col(Run.id) == Step.run_id).where(Run.playbook_key == "everything")
        return {step.key: step for step in (await session.exec(query)).all()}


def _reply(play: Play) -> str:
    """What maya wrote in a thread of a channel that eve is not in."""
    written = {"ts": "7.7", "thread_ts": "7.0", "user": slack_id("maya"), "text": "Only for leaders"}
    play.ws.slack.state.conversation("cs-leaders").messages.append(written)
    return written["ts"]


async def _find(play: Play, resolved: int) -> Things:
    world, steps = play.world, await _steps(play.world)
    async with world.database.transaction() as session:

        async def one(what: Any, *which: Any) -> int:
            return int((await session.exec(select(what.id).where(*which))).one())

        return Things(
            account=world.account_id,
            contact=await one(Contact),
            steps=steps,
            ask=await one(AdvocacyAsk),
            alert=await one(Alert),
            escalation=await one(Escalation, Escalation.id != resolved),
            resolved=resolved,
            exemption=await one(Exemption),
            kick_off=await one(Milestone, Milestone.key == "kick-off"),
            celebrated=await one(Milestone, Milestone.key == "hundred-users"),
            objective=await one(Objective),
            quarantined=await one(QuarantinedSignal),
            suggestion=await one(Suggestion),
            moved=await one(PlaybookVersion, PlaybookVersion.key == "moved", PlaybookVersion.version == 2),
            draft=await one(PlaybookVersion, PlaybookVersion.status == VersionStatus.DRAFT),
            rule_digest=play.ws.services.library.rule_book.rules["drop"].digest,
            reply=_reply(play),
        )


def forgeries(things: Things, found: str, updated_at: datetime, member: int) -> list[Forgery]:
    """`found` stands for the answers of the check, `member` is somebody to give a step to."""
    return [*_clicks(things, found), *_forms(things, updated_at, member)]


def _clicks(things: Things, found: str) -> Iterator[Forgery]:
    acme, steps = AccountRef(account=things.account), things.steps
    call, done = _ref(steps["call"]), _ref(steps["done"])
    yield Forgery(ActionId.STEP_COMPLETE, call)
    yield Forgery(
        ActionId.STEP_CONFIRM, FoundRef(step=steps["check"].id, revision=steps["check"].revision, found=found)
    )
    yield Forgery(ActionId.STEP_WRONG, _ref(steps["check"]), reads=True)
    yield Forgery(ActionId.STEP_REVIEW_EMAIL, _ref(steps["mail"]), reads=True)
    yield Forgery(ActionId.STEP_NOTE, call, reads=True)
    yield Forgery(ActionId.STEP_SNOOZE, call, reads=True)
    yield Forgery(ActionId.STEP_ESCALATE, call, reads=True)
    yield Forgery(ActionId.STEP_UNBLOCK, _ref(steps["blocked"]))
    yield Forgery(ActionId.STEP_UNDO, done)
    for item in MenuItem:
        yield Forgery(ActionId.STEP_MENU, MenuChoice(step=call.step, revision=call.revision, item=item), reads=True)
    yield Forgery(ActionId.STEP_HELPED, done)
    yield Forgery(ActionId.STEP_DID_NOT_HELP, done)
    open_one, resolved = EscalationRef(escalation=things.escalation), EscalationRef(escalation=things.resolved)
    yield Forgery(ActionId.ESCALATION_ACKNOWLEDGE, open_one, may="dana")
    yield Forgery(ActionId.ESCALATION_ASK, open_one, reads=True)
    yield Forgery(ActionId.ESCALATION_RESOLVE, open_one, reads=True)
    yield Forgery(ActionId.RETROSPECTIVE, resolved, reads=True)
    thread = ThreadNote(step=call.step, channel="C0CSLEADERS", thread="7.0", ts=things.reply)
    yield Forgery(ActionId.THREAD_NOTE_ACCOUNT, thread)
    celebrated = MilestoneRef(milestone=things.celebrated)
    yield Forgery(ActionId.MILESTONE_NOTE, celebrated, reads=True)
    yield Forgery(ActionId.ADVOCACY_REFERRAL, celebrated)
    alert_ref = AlertRef(alert=things.alert)
    yield Forgery(ActionId.ALERT_START, alert_ref)
    yield Forgery(ActionId.ALERT_NOT_NOW, alert_ref, reads=True)
    yield Forgery(ActionId.ALERT_WRONG_DATA, alert_ref, reads=True)
    for read in (
        ActionId.ACCOUNT_HEALTH,
        ActionId.ACCOUNT_NOTE,
        ActionId.ACCOUNT_SHOW,
        ActionId.ACCOUNT_TIMELINE,
        ActionId.ACCOUNT_CHART,
        ActionId.ACCOUNT_FILL,
        ActionId.ACCOUNT_CONTACT,
        ActionId.ACCOUNT_SENTIMENT,
        ActionId.JOURNEY_SHOW,
        ActionId.JOURNEY_CONFIRM,
        ActionId.GATE_EXEMPT,
        ActionId.OBJECTIVE_ADD,
    ):
        yield Forgery(read, acme, reads=True)
    yield Forgery(ActionId.STAGE_MOVE, StageMove(account=things.account, stage=Stage.TRIAL))
    yield Forgery(ActionId.BULK_START, BulkStart(playbook="fresh", segment="smb"), may="dana")
    unknown = QuarantineRef(quarantined=things.quarantined)
    yield Forgery(ActionId.QUARANTINE_ASSIGN, unknown, reads=True)
    yield Forgery(ActionId.QUARANTINE_DROP, unknown, may="dana")
    draft = VersionRef(version=things.draft)
    yield Forgery(ActionId.VERSION_APPROVE, draft, may="dana")
    yield Forgery(ActionId.VERSION_SEND_BACK, draft, reads=True)
    yield Forgery(ActionId.VERSION_MOVE, draft, reads=True)
    yield Forgery(ActionId.EXEMPTION_APPROVE, ExemptionRef(exemption=things.exemption), may="dana")
    yield Forgery(ActionId.EXEMPTION_DECLINE, ExemptionRef(exemption=things.exemption), may="dana")
    rule = RuleRef(rule="drop", digest=things.rule_digest)
    yield Forgery(ActionId.RULE_LET_ACT, rule, may="dana")
    yield Forgery(ActionId.RULE_OFF, rule, may="dana")
    yield Forgery(ActionId.OBJECTIVE_UPDATE, ObjectiveRef(objective=things.objective, revision=0), reads=True)
    yield Forgery(ActionId.ADVOCACY_ASK, ContactRef(contact=things.contact), reads=True)
    yield Forgery(ActionId.ADVOCACY_YES, AskRef(ask=things.ask))
    yield Forgery(ActionId.ADVOCACY_NO, AskRef(ask=things.ask), reads=True)
    yield Forgery(ActionId.ADVOCACY_DELIVERED, AskRef(ask=things.ask), reads=True)
    suggestion = SuggestionRef(suggestion=things.suggestion)
    yield Forgery(ActionId.SUGGESTION_TAKE, suggestion, may="dana")
    yield Forgery(ActionId.SUGGESTION_DECLINE, suggestion, reads=True)
    for drill in (ActionId.DRILL_OVERDUE, ActionId.DRILL_AT_RISK, ActionId.DRILL_REPORT, ActionId.DRILL_BOTTLENECKS):
        yield Forgery(drill, acme, may="dana", reads=True)
    page = RehearsalPage(playbook="fresh", account=things.account, page=1, started_on=date(2026, 3, 2))
    yield Forgery(ActionId.REHEARSAL_PREVIOUS, page, reads=True)
    yield Forgery(ActionId.REHEARSAL_NEXT, page, reads=True)


def _forms(things: Things, updated_at: datetime, member: int) -> Iterator[Forgery]:
    acme, steps = AccountRef(account=things.account), things.steps
    call, check = _ref(steps["call"]), _ref(steps["check"])
    why = {InputId.REASON: "Because"}
    later = date(2026, 4, 3)
    answers = {f"{ANSWER_PREFIX}open_tickets": "5", InputId.WRONG: "Counted twice"}
    yield Forgery(CallbackId.STEP_COMPLETE, check, answers)
    yield Forgery(CallbackId.STEP_WRONG, check, answers)
    mail = EmailForm(step=steps["mail"].id, revision=steps["mail"].revision, to=things.contact)
    yield Forgery(CallbackId.STEP_EMAIL, mail, {InputId.EMAIL_SUBJECT: "Hello", InputId.EMAIL_BODY: "Hello Jane"})
    yield Forgery(CallbackId.STEP_NOTE, call, {InputId.NOTE: "Hello"})
    yield Forgery(CallbackId.STEP_SNOOZE, call, {InputId.UNTIL: later})
    yield Forgery(CallbackId.STEP_SKIP, call, why)
    yield Forgery(CallbackId.STEP_NOT_APPLICABLE, call, why)
    yield Forgery(CallbackId.STEP_BLOCK, call, why | {InputId.CATEGORY: BlockCategory.OTHER})
    yield Forgery(CallbackId.STEP_REASSIGN, call, {InputId.MEMBER: str(member)})
    yield Forgery(CallbackId.STEP_FEEDBACK, _ref(steps["done"]), {InputId.CHANGE: "Shorter"})
    help_wanted = {InputId.TARGET: MemberRole.LEADER, InputId.SEVERITY: Severity.HIGH, InputId.ASK: "Help"}
    yield Forgery(CallbackId.ESCALATE, EscalateForm(account=things.account), help_wanted)
    escalation = EscalationRef(escalation=things.escalation)
    yield Forgery(CallbackId.ESCALATION_ASK, escalation, {InputId.QUESTION: "Which?"})
    yield Forgery(CallbackId.ESCALATION_RESOLVE, escalation, {InputId.RESOLUTION: "Done"})
    lesson = {InputId.HAPPENED: "This", InputId.CAUSE: "That", InputId.CHANGE: "More"}
    yield Forgery(CallbackId.RETROSPECTIVE, EscalationRef(escalation=things.resolved), lesson)
    person = StartRun(account=things.account, playbook="person")
    yield Forgery(CallbackId.RUN_START, person, {InputId.CONTACT: str(things.contact)})
    yield Forgery(CallbackId.ROUND_SKIP, SkipRound(account=things.account, playbook="round"), why)
    yield Forgery(CallbackId.MILESTONE_NOTE, MilestoneRef(milestone=things.celebrated), {InputId.NOTE: "Hello"})
    alert_ref = AlertRef(alert=things.alert)
    yield Forgery(CallbackId.ALERT_NOT_NOW, alert_ref, why | {InputId.UNTIL: "7"})
    yield Forgery(CallbackId.ALERT_WRONG_DATA, alert_ref, why)
    yield Forgery(CallbackId.CODE_RED, acme, {InputId.ASK: "They leave"})
    yield Forgery(CallbackId.ACCOUNT_NOTE, acme, {InputId.NOTE: "Hello"})
    yield Forgery(CallbackId.ACCOUNT_ADD, acme, {InputId.ACCOUNT_NAME: "Globex", InputId.CURRENCY: "USD"})
    edited = AccountEditForm(account=things.account, updated_at=updated_at)
    yield Forgery(CallbackId.ACCOUNT_EDIT, edited, {InputId.ACCOUNT_NAME: "Acme Inc", InputId.CURRENCY: "USD"})
    new = {InputId.ACCOUNT_NAME: "Ann Lee", InputId.EMAIL: "ann@acme.example"}
    yield Forgery(CallbackId.ACCOUNT_CONTACT, acme, new)
    yield Forgery(CallbackId.ACCOUNT_SENTIMENT, acme, {InputId.SENTIMENT: "red", InputId.COMMENT: "Angry"})
    logged = LoggedMessage(channel="C0GENERAL", ts="9.9")
    yield Forgery(CallbackId.LOG_TO_ACCOUNT, logged, {InputId.OTHER_ACCOUNT: "acme", InputId.NOTE: "Hello"})
    unknown = QuarantineRef(quarantined=things.quarantined)
    yield Forgery(CallbackId.QUARANTINE_ASSIGN, unknown, {InputId.OTHER_ACCOUNT: "acme"})
    yield Forgery(CallbackId.VERSION_SEND_BACK, VersionRef(version=things.draft), why, may="dana")
    yield Forgery(CallbackId.RUNS_MOVE, MoveForm(playbook="moved", version=things.moved))
    asked = ExemptionForm(account=things.account, playbook="fresh")
    yield Forgery(CallbackId.EXEMPTION_REQUEST, asked, why | {InputId.UNTIL: later})
    reached = {f"{InputId.MET_MILESTONES}:0": [str(things.kick_off)]}
    yield Forgery(CallbackId.JOURNEY_CONFIRM, acme, reached)
    title = {InputId.OBJECTIVE_TITLE: "Fewer tickets"}
    yield Forgery(CallbackId.OBJECTIVE_ADD, acme, title)
    yield Forgery(CallbackId.OBJECTIVE_UPDATE, ObjectiveRef(objective=things.objective, revision=0), title)
    yield Forgery(CallbackId.ADVOCACY_ASK, ContactRef(contact=things.contact), {InputId.ASK_KIND: AskKind.SOCIAL})
    declined = AskAnswer(ask=things.ask, status=AskStatus.DECLINED)
    yield Forgery(CallbackId.ADVOCACY_ANSWER, declined, {InputId.NOTE: "No"})
    yield Forgery(CallbackId.SUGGESTION_DECLINE, SuggestionRef(suggestion=things.suggestion), why, may="dana")


def _ref(step: Step) -> StepRef:
    return StepRef(step=step.id, revision=step.revision)


# --- the database, looked at from outside -----------------------------------------------------------------------------


class Copy:
    """The rows of a SQLite database at one moment, to compare with and to go back to."""

    def __init__(self, database: Database) -> None:
        self._file = sqlite3.connect(str(database.url.database))
        self._kept = sqlite3.connect(":memory:")
        self._file.backup(self._kept)
        self._rows = _rows(self._kept)
        self._seen = self._commits()

    def changed(self) -> bool:
        """Whether any row is different. Then all of them are brought back."""
        seen, self._seen = self._seen, self._commits()
        if self._seen == seen or _rows(self._file) == self._rows:
            return False
        self._kept.backup(self._file)
        self._seen = self._commits()
        return True

    def close(self) -> None:
        self._file.close()
        self._kept.close()

    def _commits(self) -> int:
        """Another number after each change by another connection."""
        return int(self._file.execute("PRAGMA data_version").fetchone()[0])


def _rows(connection: sqlite3.Connection) -> Mapping[str, list[tuple[Any, ...]]]:
    return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in SQLModel.metadata.tables}  # noqa: S608  # ours
