"""Every interaction Playcall answers, and who answers it. The app manifest is made from this table."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping

from slack_bolt.async_app import AsyncApp

from bot.services import Services
from bot.slack.ids import ActionId, CallbackId
from handlers.actions.account_chart import handle_account_chart
from handlers.actions.account_contact import handle_account_contact
from handlers.actions.account_fill import handle_account_fill
from handlers.actions.account_health import handle_account_health
from handlers.actions.account_note import handle_account_note
from handlers.actions.account_sentiment import handle_account_sentiment
from handlers.actions.account_show import handle_account_show
from handlers.actions.account_timeline import handle_account_timeline
from handlers.actions.advocacy_ask import handle_advocacy_ask
from handlers.actions.advocacy_delivered import handle_advocacy_delivered
from handlers.actions.advocacy_no import handle_advocacy_no
from handlers.actions.advocacy_referral import handle_advocacy_referral
from handlers.actions.advocacy_yes import handle_advocacy_yes
from handlers.actions.alert_not_now import handle_alert_not_now
from handlers.actions.alert_start import handle_alert_start
from handlers.actions.alert_wrong_data import handle_alert_wrong_data
from handlers.actions.bulk_start import handle_bulk_start
from handlers.actions.drill_down import (
    handle_drill_at_risk,
    handle_drill_bottlenecks,
    handle_drill_overdue,
    handle_drill_report,
)
from handlers.actions.escalation_acknowledge import handle_escalation_acknowledge
from handlers.actions.escalation_ask import handle_escalation_ask
from handlers.actions.escalation_resolve import handle_escalation_resolve
from handlers.actions.exemption_approve import handle_exemption_approve
from handlers.actions.exemption_decline import handle_exemption_decline
from handlers.actions.gate_exempt import handle_gate_exempt
from handlers.actions.journey_confirm import handle_journey_confirm
from handlers.actions.journey_show import handle_journey_show
from handlers.actions.milestone_note import handle_milestone_note
from handlers.actions.objective_add import handle_objective_add
from handlers.actions.objective_update import handle_objective_update
from handlers.actions.quarantine_assign import handle_quarantine_assign
from handlers.actions.quarantine_drop import handle_quarantine_drop
from handlers.actions.rehearsal_page import handle_rehearsal_page
from handlers.actions.retrospective import handle_retrospective
from handlers.actions.rule_let_act import handle_rule_let_act
from handlers.actions.rule_off import handle_rule_off
from handlers.actions.stage_move import handle_stage_move
from handlers.actions.step_complete import handle_step_complete
from handlers.actions.step_confirm import handle_step_confirm
from handlers.actions.step_did_not_help import handle_step_did_not_help
from handlers.actions.step_escalate import handle_step_escalate
from handlers.actions.step_helped import handle_step_helped
from handlers.actions.step_menu import handle_step_menu
from handlers.actions.step_note import handle_step_note
from handlers.actions.step_review_email import handle_step_review_email
from handlers.actions.step_snooze import handle_step_snooze
from handlers.actions.step_unblock import handle_step_unblock
from handlers.actions.step_undo import handle_step_undo
from handlers.actions.step_wrong import handle_step_wrong
from handlers.actions.suggestion_decline import handle_suggestion_decline
from handlers.actions.suggestion_take import handle_suggestion_take
from handlers.actions.thread_note_account import handle_thread_note_account
from handlers.actions.version_approve import handle_version_approve
from handlers.actions.version_move import handle_version_move
from handlers.actions.version_send_back import handle_version_send_back
from handlers.boundary import bounded
from handlers.call import ActionCall, CommandCall, EventCall, ViewCall
from handlers.commands.account import handle_account
from handlers.commands.escalate import handle_escalate
from handlers.commands.playbook import handle_playbook
from handlers.events.app_home_opened import handle_app_home_opened
from handlers.events.message import handle_message
from handlers.shortcuts.log_to_account import handle_log_to_account
from handlers.views.account_add import handle_account_add_form
from handlers.views.account_contact import handle_account_contact_form
from handlers.views.account_edit import handle_account_edit_form
from handlers.views.account_note import handle_account_note_form
from handlers.views.account_sentiment import handle_account_sentiment_form
from handlers.views.advocacy_answer import handle_advocacy_answer_form
from handlers.views.advocacy_ask import handle_advocacy_ask_form
from handlers.views.alert_not_now import handle_alert_not_now_form
from handlers.views.alert_wrong_data import handle_alert_wrong_data_form
from handlers.views.code_red import handle_code_red_form
from handlers.views.escalate import handle_escalate_form
from handlers.views.escalation_ask import handle_escalation_ask_form
from handlers.views.escalation_resolve import handle_escalation_resolve_form
from handlers.views.exemption_request import handle_exemption_request_form
from handlers.views.journey_confirm import handle_journey_confirm_form
from handlers.views.log_to_account import handle_log_to_account_form
from handlers.views.milestone_note import handle_milestone_note_form
from handlers.views.objective_add import handle_objective_add_form
from handlers.views.objective_update import handle_objective_update_form
from handlers.views.quarantine_assign import handle_quarantine_assign_form
from handlers.views.retrospective import handle_retrospective_form
from handlers.views.round_skip import handle_round_skip_form
from handlers.views.run_start import handle_run_start_form
from handlers.views.runs_move import handle_runs_move_form
from handlers.views.step_block import handle_step_block_form
from handlers.views.step_complete import handle_step_complete_form
from handlers.views.step_email import handle_step_email_form
from handlers.views.step_feedback import handle_step_feedback_form
from handlers.views.step_not_applicable import handle_step_not_applicable_form
from handlers.views.step_note import handle_step_note_form
from handlers.views.step_reassign import handle_step_reassign_form
from handlers.views.step_skip import handle_step_skip_form
from handlers.views.step_snooze import handle_step_snooze_form
from handlers.views.suggestion_decline import handle_suggestion_decline_form
from handlers.views.version_send_back import handle_version_send_back_form

COMMANDS: Mapping[str, Callable[[CommandCall], Awaitable[None]]] = {
    "/account": handle_account,
    "/playbook": handle_playbook,
    "/escalate": handle_escalate,
}
ACTIONS: Mapping[str, Callable[[ActionCall], Awaitable[None]]] = {
    # --- steps, runs and escalations ----------------------------------------------------------------------------------
    ActionId.STEP_COMPLETE: handle_step_complete,
    ActionId.STEP_CONFIRM: handle_step_confirm,
    ActionId.STEP_WRONG: handle_step_wrong,
    ActionId.STEP_REVIEW_EMAIL: handle_step_review_email,
    ActionId.STEP_NOTE: handle_step_note,
    ActionId.STEP_SNOOZE: handle_step_snooze,
    ActionId.STEP_ESCALATE: handle_step_escalate,
    ActionId.STEP_UNBLOCK: handle_step_unblock,
    ActionId.STEP_UNDO: handle_step_undo,
    ActionId.STEP_MENU: handle_step_menu,
    ActionId.ESCALATION_ACKNOWLEDGE: handle_escalation_acknowledge,
    ActionId.ESCALATION_ASK: handle_escalation_ask,
    ActionId.ESCALATION_RESOLVE: handle_escalation_resolve,
    ActionId.THREAD_NOTE_ACCOUNT: handle_thread_note_account,
    ActionId.MILESTONE_NOTE: handle_milestone_note,
    # --- alerts -------------------------------------------------------------------------------------------------------
    ActionId.ALERT_START: handle_alert_start,
    ActionId.ALERT_NOT_NOW: handle_alert_not_now,
    ActionId.ALERT_WRONG_DATA: handle_alert_wrong_data,
    # --- accounts -----------------------------------------------------------------------------------------------------
    ActionId.ACCOUNT_HEALTH: handle_account_health,
    ActionId.ACCOUNT_NOTE: handle_account_note,
    ActionId.ACCOUNT_SHOW: handle_account_show,
    ActionId.ACCOUNT_TIMELINE: handle_account_timeline,
    ActionId.ACCOUNT_CHART: handle_account_chart,
    ActionId.QUARANTINE_ASSIGN: handle_quarantine_assign,
    ActionId.QUARANTINE_DROP: handle_quarantine_drop,
    # --- versions and exemptions of playbooks -------------------------------------------------------------------------
    ActionId.VERSION_APPROVE: handle_version_approve,
    ActionId.VERSION_SEND_BACK: handle_version_send_back,
    ActionId.VERSION_MOVE: handle_version_move,
    ActionId.RULE_LET_ACT: handle_rule_let_act,
    ActionId.RULE_OFF: handle_rule_off,
    ActionId.EXEMPTION_APPROVE: handle_exemption_approve,
    ActionId.EXEMPTION_DECLINE: handle_exemption_decline,
    # --- journeys -----------------------------------------------------------------------------------------------------
    ActionId.JOURNEY_SHOW: handle_journey_show,
    ActionId.JOURNEY_CONFIRM: handle_journey_confirm,
    ActionId.STAGE_MOVE: handle_stage_move,
    ActionId.GATE_EXEMPT: handle_gate_exempt,
    ActionId.BULK_START: handle_bulk_start,
    # --- success plan and advocacy ------------------------------------------------------------------------------------
    ActionId.OBJECTIVE_ADD: handle_objective_add,
    ActionId.OBJECTIVE_UPDATE: handle_objective_update,
    ActionId.ADVOCACY_ASK: handle_advocacy_ask,
    ActionId.ADVOCACY_REFERRAL: handle_advocacy_referral,
    ActionId.ADVOCACY_YES: handle_advocacy_yes,
    ActionId.ADVOCACY_NO: handle_advocacy_no,
    ActionId.ADVOCACY_DELIVERED: handle_advocacy_delivered,
    # --- what leaders look at, feedback -------------------------------------------------------------------------------
    ActionId.STEP_HELPED: handle_step_helped,
    ActionId.STEP_DID_NOT_HELP: handle_step_did_not_help,
    ActionId.SUGGESTION_TAKE: handle_suggestion_take,
    ActionId.SUGGESTION_DECLINE: handle_suggestion_decline,
    ActionId.RETROSPECTIVE: handle_retrospective,
    ActionId.ACCOUNT_FILL: handle_account_fill,
    ActionId.ACCOUNT_CONTACT: handle_account_contact,
    ActionId.ACCOUNT_SENTIMENT: handle_account_sentiment,
    ActionId.DRILL_OVERDUE: handle_drill_overdue,
    ActionId.DRILL_AT_RISK: handle_drill_at_risk,
    ActionId.DRILL_REPORT: handle_drill_report,
    ActionId.DRILL_BOTTLENECKS: handle_drill_bottlenecks,
    ActionId.REHEARSAL_PREVIOUS: handle_rehearsal_page,
    ActionId.REHEARSAL_NEXT: handle_rehearsal_page,
}
VIEWS: Mapping[str, Callable[[ViewCall], Awaitable[None]]] = {
    # --- steps, runs and escalations ----------------------------------------------------------------------------------
    CallbackId.STEP_COMPLETE: handle_step_complete_form,
    CallbackId.STEP_WRONG: handle_step_complete_form,
    CallbackId.STEP_EMAIL: handle_step_email_form,
    CallbackId.STEP_NOTE: handle_step_note_form,
    CallbackId.STEP_SNOOZE: handle_step_snooze_form,
    CallbackId.STEP_SKIP: handle_step_skip_form,
    CallbackId.STEP_NOT_APPLICABLE: handle_step_not_applicable_form,
    CallbackId.STEP_BLOCK: handle_step_block_form,
    CallbackId.STEP_REASSIGN: handle_step_reassign_form,
    CallbackId.ESCALATE: handle_escalate_form,
    CallbackId.ESCALATION_ASK: handle_escalation_ask_form,
    CallbackId.ESCALATION_RESOLVE: handle_escalation_resolve_form,
    CallbackId.RUN_START: handle_run_start_form,
    CallbackId.ROUND_SKIP: handle_round_skip_form,
    CallbackId.MILESTONE_NOTE: handle_milestone_note_form,
    # --- alerts -------------------------------------------------------------------------------------------------------
    CallbackId.ALERT_NOT_NOW: handle_alert_not_now_form,
    CallbackId.ALERT_WRONG_DATA: handle_alert_wrong_data_form,
    CallbackId.CODE_RED: handle_code_red_form,
    # --- accounts -----------------------------------------------------------------------------------------------------
    CallbackId.ACCOUNT_NOTE: handle_account_note_form,
    CallbackId.ACCOUNT_ADD: handle_account_add_form,
    CallbackId.ACCOUNT_EDIT: handle_account_edit_form,
    CallbackId.ACCOUNT_CONTACT: handle_account_contact_form,
    CallbackId.ACCOUNT_SENTIMENT: handle_account_sentiment_form,
    CallbackId.LOG_TO_ACCOUNT: handle_log_to_account_form,
    CallbackId.QUARANTINE_ASSIGN: handle_quarantine_assign_form,
    # --- versions and exemptions of playbooks -------------------------------------------------------------------------
    CallbackId.VERSION_SEND_BACK: handle_version_send_back_form,
    CallbackId.RUNS_MOVE: handle_runs_move_form,
    CallbackId.EXEMPTION_REQUEST: handle_exemption_request_form,
    # --- journeys -----------------------------------------------------------------------------------------------------
    CallbackId.JOURNEY_CONFIRM: handle_journey_confirm_form,
    # --- success plan and advocacy ------------------------------------------------------------------------------------
    CallbackId.OBJECTIVE_ADD: handle_objective_add_form,
    CallbackId.OBJECTIVE_UPDATE: handle_objective_update_form,
    CallbackId.ADVOCACY_ASK: handle_advocacy_ask_form,
    CallbackId.ADVOCACY_ANSWER: handle_advocacy_answer_form,
    # --- what leaders look at, feedback -------------------------------------------------------------------------------
    CallbackId.STEP_FEEDBACK: handle_step_feedback_form,
    CallbackId.SUGGESTION_DECLINE: handle_suggestion_decline_form,
    CallbackId.RETROSPECTIVE: handle_retrospective_form,
}
EVENTS: Mapping[str, Callable[[EventCall], Awaitable[None]]] = {
    "app_home_opened": handle_app_home_opened,
    "message": handle_message,
}
SHORTCUTS: Mapping[str, Callable[[ActionCall], Awaitable[None]]] = {
    CallbackId.LOG_TO_ACCOUNT: handle_log_to_account,
}


def register(app: AsyncApp, services: Services) -> None:
    """One listener of Bolt's for each kind of interaction: Bolt asks its listeners one after the other, which takes it
    longer than most of ours take to answer. The most frequent kind is asked first."""
    app.action(_one_of(ACTIONS))(bounded(ActionCall, ACTIONS, services))
    app.command(_one_of(COMMANDS))(bounded(CommandCall, COMMANDS, services))
    app.view(_one_of(VIEWS))(bounded(ViewCall, VIEWS, services))
    app.event(_one_of(EVENTS))(bounded(EventCall, EVENTS, services))
    app.shortcut(_one_of(SHORTCUTS))(bounded(ActionCall, SHORTCUTS, services))


def _one_of(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\A(?:{'|'.join(map(re.escape, names))})\Z")
