"""Whatever people write, what is built from it stays within Slack's limits and notifies nobody."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from bot.library.schema import Artefact, Asset, Channel, Outcome, Question, SystemOfRecord
from bot.models import AlertStatus, EscalationStatus, MemberRole, Rung, Severity, StepKind, StepStatus, SuggestionSource
from bot.slack.agenda import AGENDA_ROWS, Agenda, AgendaGroup, build_today_message
from bot.slack.alert_message import AlertCard, ListOf, build_alert_list, build_alerts_message
from bot.slack.alert_modals import AlertHead, build_not_now_modal, build_wrong_data_modal
from bot.slack.blocked_message import BlockedCard, build_blocked_message
from bot.slack.celebration import Celebration, build_celebration_message, build_milestone_note_modal
from bot.slack.code_red import build_code_red_modal
from bot.slack.completion_modal import AskedQuestion, CompletionForm, build_completion_modal
from bot.slack.details_modal import StepDetails, WrittenNote, build_details_modal
from bot.slack.email_modal import EmailDraft, Recipient, build_email_modal
from bot.slack.escalate_modals import (
    EscalationHead,
    Target,
    build_ask_modal,
    build_escalate_modal,
    build_resolve_modal,
)
from bot.slack.escalation_message import EscalationCard, Person, build_escalation_message
from bot.slack.feedback_modals import build_decline_modal, build_feedback_modal, build_retrospective_modal
from bot.slack.home_view import AccountRow, EscalationRow, Home, build_home_view
from bot.slack.leading.glance import Glance
from bot.slack.leading.suggestions import PAGE as SUGGESTIONS
from bot.slack.leading.suggestions import SuggestionPage, SuggestionRow, build_suggestions
from bot.slack.limits import violations
from bot.slack.notices import build_notice_view, build_unsaved_blocks
from bot.slack.payloads import (
    AccountRef,
    AlertRef,
    EscalateForm,
    EscalationRef,
    Place,
    SkipRound,
    StartRun,
    StepRef,
    SuggestionRef,
    ThreadNote,
)
from bot.slack.playbook_views import ContactChoice, Plan, PlannedStep, build_contact_modal, build_plan
from bot.slack.round_modal import build_skip_modal
from bot.slack.step_card import Concerned, Ending, FoundAnswer, FoundAnswers, StepCard
from bot.slack.step_modals import (
    NOT_APPLICABLE,
    SKIP,
    Colleague,
    StepHead,
    build_block_modal,
    build_note_modal,
    build_reason_modal,
    build_reassign_modal,
    build_snooze_modal,
)
from bot.slack.steps_message import build_steps_message
from bot.slack.team_steps import PAGE, TeamStep, TeamSteps, build_team_steps
from bot.slack.text import plain
from bot.slack.thread_notes import build_account_question

HOSTILE = ("<!channel> & *@channel* _`~<@U0MAYA>\n" * 90)[:3000]
AMPERSANDS = "&" * 3000
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
REF = StepRef(step=10**15, revision=10**6, place=Place.TODAY)


def card(text: str, **changes: Any) -> StepCard:
    usual = StepCard(
        step_id=10**15,
        revision=10**6,
        title=text,
        kind=StepKind.TASK,
        status=StepStatus.OPEN,
        account_id=1,
        account=text,
        playbook=text,
        number=100,
        total=100,
        due_on=date(2026, 2, 1),
        today=TODAY,
        contact=text,
        optional=True,
        guidance=plain(text),  # as rendering leaves what customers are called
        attendees=(text,) * 20,
        missing_attendees=("executive_sponsor",) * 7,
        assets=(Asset(title="A|>" * 20, url="https://ours.example/" + "x" * 2000),) * 5,
        missing_role="finance",
        channel=Channel.VIDEO,
        system=SystemOfRecord(name="A|>" * 20, url="https://ours.example/" + "x" * 2000),
        value=text,
        consulted=(Concerned("renewal_owner", text), Concerned("product", text), Concerned("support")) * 4,
        accountable=Concerned("leader", text),
        informed=(Concerned("marketing", text),) * 8,
        notes=3,
    )
    return replace(usual, **changes)


def cards(text: str) -> list[StepCard]:
    """A step in each state it can be in, five times over."""
    ending = Ending(text, NOW, text, text, undoable=True, asks_feedback=True, helped=False)
    states = [
        card(text),
        card(text, kind=StepKind.EMAIL),
        card(text, found=FoundAnswers((FoundAnswer(text, text, text, is_stale=True),) * 20, "f" * 16)),
        card(text, status=StepStatus.BLOCKED, reason=text),
        card(text, snoozed_until=date(2026, 3, 9)),
        card(text, paused=True),
        card(text, assignee=text),
        card(text, status=StepStatus.WAITING),
        card(text, status=StepStatus.DONE, ending=ending),
    ]
    return [replace(state, step_id=number) for number, state in enumerate(states * 5)]


def escalation(text: str, status: EscalationStatus) -> EscalationCard:
    return EscalationCard(
        escalation_id=10**15,
        status=status,
        severity=Severity.CRITICAL,
        rung=Rung.LEADER,
        account=text,
        owner=Person(text),
        raised_by=text,
        raised_at=NOW,
        today=TODAY,
        ask=text,
        tried=text,
        deadline=TODAY,
        arr="USD 1,000,000,000",
        renewal_date=TODAY,
        health="🔴 3",
        csm=text,
        step=text,
        playbook=text,
        acknowledged_by=text,
        acknowledged_at=NOW,
        resolved_by=text,
        resolved_at=NOW,
        resolution=text,
    )


def home(text: str) -> Home:
    shown = tuple(replace(c, step_id=n) for n, c in enumerate([card(text)] * AGENDA_ROWS))
    rows = [EscalationRow(n, Severity.HIGH, EscalationStatus.OPEN, text, text, text, TODAY) for n in range(120)]
    agenda = Agenda(
        (AgendaGroup("Overdue", 40, shown), AgendaGroup("Today", 9, ()), AgendaGroup("This week", 9, ())), 7
    )
    return Home(
        today=TODAY,
        agenda=agenda,
        escalations=tuple(rows[:60]),
        team_escalations=tuple(rows[60:]),
        alerts=tuple(alert(text, alert_id=number) for number in range(100)),
        glance=Glance(10**6, 10**6, 10**6, 10**6, 10**6),
        accounts=tuple(AccountRow(text, text, "onboarding", "🟢 82", TODAY, 12) for _ in range(200)),
    )


def alert(text: str, **changes: Any) -> AlertCard:
    usual = AlertCard(
        alert_id=10**15,
        account_id=10**15,
        account=text,
        account_key="a" * 80,
        status=AlertStatus.OPEN,
        severity=Severity.CRITICAL,
        title=text[:200],
        why=text,
        since=NOW,
        today=TODAY,
        contact=text,
        recommends=text,
        because=text,
        asked=text,
        closed_by=text,
        closed_at=NOW,
        reason=text,
        quiet_until=TODAY,
        started=text,
    )
    return replace(usual, **changes)


def many_alerts(text: str) -> list[AlertCard]:
    return [alert(text, alert_id=number, status=status) for number, status in enumerate([*AlertStatus] * 5)]


def suggestions(text: str) -> SuggestionPage:
    rows = [
        SuggestionRow(10**15 + n, text, text, SuggestionSource.FEEDBACK, text, text, TODAY, 1000, 1000)
        for n in range(SUGGESTIONS)
    ]
    return SuggestionPage(tuple(rows), 1000, 1, TODAY)


def messages(text: str) -> dict[str, dict[str, Any]]:
    note = ThreadNote(step=10**15, channel="C0123456789", thread="1700000000.000100", ts="1700000000.000200")
    choices = [(text, note.model_copy(update={"step": 10**15 + n})) for n in range(120)]
    steps = tuple(PlannedStep(text, TODAY, text, status) for status, _ in product(StepStatus, range(12)))
    built = {
        "steps": build_steps_message(cards(text)),
        "one step": build_steps_message([card(text)]),
        "celebration": build_celebration_message(
            Celebration(1, text, "a" * 80, text, evidence=text, champions=(text,) * 9, playbooks=(text,) * 9)
        ),
        "today": build_today_message(home(text).agenda),
        "plan": build_plan(Plan(text, text, TODAY, steps[:40], (text,) * 4, text)),
        "blocked": build_blocked_message(
            BlockedCard(card(text, status=StepStatus.BLOCKED, reason=text), text, None, (text,) * 4, may_unblock=True)
        ),
        "team": build_team_steps(
            TeamSteps(
                MemberRole.RENEWAL_OWNER,
                TODAY,
                (TeamStep(text, text, text, text, date(2026, 2, 1), StepStatus.BLOCKED, True),) * PAGE,
                total=10**6,
                overdue=10**6,
                page=1,
            )
        ),
        "alert": build_alerts_message([alert(text)]),
        **{f"alert {s}": build_alerts_message([alert(text, status=s)]) for s in AlertStatus},
        "gathered alerts": build_alerts_message(many_alerts(text)),
        "listed alerts": build_alert_list(many_alerts(text), ListOf("My alerts", 10**15)),
        "account question": build_account_question(choices),
        "suggestions": build_suggestions(suggestions(text), "Taken."),
        **{f"escalation {s}": build_escalation_message(escalation(text, s)) for s in EscalationStatus},
    }
    return {name: {"text": message.text, "blocks": message.blocks} for name, message in built.items()}


def views(text: str) -> dict[str, dict[str, Any]]:
    head = StepHead(REF, text, text)
    questions = [
        Question(key=f"q{number}", label="?" * 150, type=kind, options=options, hint="h" * 150)
        for number, (kind, options) in enumerate(
            [
                ("text", []),
                ("long_text", []),
                ("number", []),
                ("date", []),
                ("yes_no", []),
                ("link", []),
                ("choice", [f"{n}" + "c" * 140 for n in range(10)]),
                ("choice", [f"{n}" + "c" * 140 for n in range(100)]),
            ]
        )
    ]
    asked = tuple(AskedQuestion(q, "2026-03-02" if q.type == "date" else text, text[:200]) for q in questions)
    outcomes = tuple(Outcome(key=f"o{n}", label="o" * 75, needs_reason=True) for n in range(5))
    form = CompletionForm(outcomes, asked, Artefact(label="a" * 150, type="text"), text)
    recipients = tuple(Recipient(n, text, text) for n in range(200))
    mail = EmailDraft(text, text * 3, recipients, choices=recipients, missing=(text,) * 20)
    targets = [Target(MemberRole.AE, text), Target(MemberRole.LEADER, text)]
    escalation_head = EscalationHead(EscalationRef(escalation=10**15), text, text)
    details = StepDetails(
        card(text), plain(text), text, (text,) * 20, (text,) * 20, (text,) * 20, (WrittenNote(text, "10:00", text),) * 9
    )
    return {
        "home": build_home_view(home(text)),
        "completion": build_completion_modal(head, form),
        "email": build_email_modal(head, mail, form),
        "email to all": build_email_modal(head, replace(mail, everyone=True), form),
        "email to nobody": build_email_modal(head, replace(mail, recipients=()), form),
        "note": build_note_modal(head),
        "snooze": build_snooze_modal(head, TODAY),
        "reassign to few": build_reassign_modal(head, [Colleague(n, text, "csm") for n in range(5)]),
        "reassign to many": build_reassign_modal(head, [Colleague(n, text, "csm") for n in range(100)]),
        "reassign to all": build_reassign_modal(head, [Colleague(n, text, "csm") for n in range(101)]),
        **{words.title: build_reason_modal(head, words) for words in (SKIP, NOT_APPLICABLE)},
        "blocked": build_block_modal(
            head, [Colleague(n, text, "csm") for n in range(30)], [Colleague(n, text, "csm") for n in range(100)]
        ),
        "blocked by nobody": build_block_modal(head, [], []),
        "skip a round": build_skip_modal(SkipRound(account=10**15, playbook="p" * 80), text, text),
        "details": build_details_modal(details),
        "escalate": build_escalate_modal(EscalateForm(account=10**15, step=10**15), text, targets, text),
        "ask": build_ask_modal(escalation_head),
        "resolve": build_resolve_modal(escalation_head),
        "feedback": build_feedback_modal(head, text),
        "decline": build_decline_modal(SuggestionRef(suggestion=10**15), text, text, text),
        "retrospective": build_retrospective_modal(escalation_head, [(f"k{n}", text) for n in range(150)]),
        "not now": build_not_now_modal(AlertHead(AlertRef(alert=10**15), text, text, text)),
        "wrong data": build_wrong_data_modal(AlertHead(AlertRef(alert=10**15), text, text, text)),
        "code red": build_code_red_modal(AccountRef(account=10**15), text),
        "contact": build_contact_modal(
            StartRun(account=10**15, playbook="p" * 80), text, text, [ContactChoice(n, text, text) for n in range(150)]
        ),
        "milestone note": build_milestone_note_modal(Celebration(10**15, text, "a" * 80, text)),
        "notice": build_notice_view(text),
        "unsaved": build_notice_view("", build_unsaved_blocks("Sorry.", [text] * 12)),
    }


@pytest.mark.parametrize("text", ["Acme", HOSTILE, AMPERSANDS], ids=["plain", "hostile", "ampersands"])
def test_everything_that_is_built_stays_within_slacks_limits(text: str) -> None:
    found = {name: violations(payload) for name, payload in {**messages(text), **views(text)}.items()}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_nothing_a_customer_is_called_notifies_anybody() -> None:
    for name, payload in {**messages(HOSTILE), **views(HOSTILE)}.items():
        if name == "notice":  # it is handed text that is escaped already
            continue
        for text in mrkdwn_texts(payload):
            assert "<!" not in text, name
            assert "<@" not in text, name


@pytest.mark.parametrize("day", [date(2026, 3, day) for day in range(2, 9)])
def test_the_quick_dates_differ_on_every_day_of_the_week(day: date) -> None:
    assert violations(build_snooze_modal(StepHead(REF, "Call", "Acme"), day)) == []


def test_a_message_without_anything_left_says_so() -> None:
    done = card("Call", status=StepStatus.DONE, ending=Ending("Maya", NOW))
    message = build_steps_message([done, replace(done, step_id=2)])
    assert message.text == "Nothing is left to do here."


def test_each_card_left_out_is_counted() -> None:
    message = build_steps_message([replace(card("Call"), step_id=number) for number in range(40)])
    assert "and 32 more" in str(message.blocks[-1])


def mrkdwn_texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for item in part for text in mrkdwn_texts(item)]
    if isinstance(part, dict):
        own = [part["text"]] if part.get("type") == "mrkdwn" else []
        return own + [text for value in part.values() for text in mrkdwn_texts(value)]
    return []
