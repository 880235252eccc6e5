"""The names by which Slack tells us what was clicked or submitted. A name that was ever posted is never reused."""

from enum import StrEnum


class ActionId(StrEnum):
    # --- steps, runs and escalations ----------------------------------------------------------------------------------
    STEP_COMPLETE = "step_complete"
    STEP_CONFIRM = "step_confirm"
    STEP_WRONG = "step_wrong"
    STEP_REVIEW_EMAIL = "step_review_email"
    STEP_NOTE = "step_note"
    STEP_SNOOZE = "step_snooze"
    STEP_ESCALATE = "step_escalate"
    STEP_UNBLOCK = "step_unblock"
    STEP_UNDO = "step_undo"
    STEP_MENU = "step_menu"
    ESCALATION_ACKNOWLEDGE = "escalation_acknowledge"
    ESCALATION_ASK = "escalation_ask"
    ESCALATION_RESOLVE = "escalation_resolve"
    THREAD_NOTE_ACCOUNT = "thread_note_account"
    MILESTONE_NOTE = "milestone_note"

    # --- alerts -------------------------------------------------------------------------------------------------------
    ALERT_START = "alert_start"
    ALERT_NOT_NOW = "alert_not_now"
    ALERT_WRONG_DATA = "alert_wrong_data"

    # --- accounts -----------------------------------------------------------------------------------------------------
    ACCOUNT_HEALTH = "account_health"
    ACCOUNT_NOTE = "account_note"
    ACCOUNT_SHOW = "account_show"
    ACCOUNT_TIMELINE = "account_timeline"
    ACCOUNT_CHART = "account_chart"
    QUARANTINE_ASSIGN = "quarantine_assign"
    QUARANTINE_DROP = "quarantine_drop"

    # --- versions and exemptions of playbooks -------------------------------------------------------------------------
    VERSION_APPROVE = "version_approve"
    VERSION_SEND_BACK = "version_send_back"
    VERSION_MOVE = "version_move"
    RULE_LET_ACT = "rule_let_act"
    RULE_OFF = "rule_off"
    EXEMPTION_APPROVE = "exemption_approve"
    EXEMPTION_DECLINE = "exemption_decline"

    # --- journeys -----------------------------------------------------------------------------------------------------
    JOURNEY_SHOW = "journey_show"
    JOURNEY_CONFIRM = "journey_confirm"
    STAGE_MOVE = "stage_move"
    GATE_EXEMPT = "gate_exempt"
    BULK_START = "bulk_start"

    # --- success plan and advocacy ------------------------------------------------------------------------------------
    OBJECTIVE_ADD = "objective_add"
    OBJECTIVE_UPDATE = "objective_update"
    ADVOCACY_ASK = "advocacy_ask"
    ADVOCACY_REFERRAL = "advocacy_referral"
    ADVOCACY_YES = "advocacy_yes"
    ADVOCACY_NO = "advocacy_no"
    ADVOCACY_DELIVERED = "advocacy_delivered"

    # --- what leaders look at, feedback -------------------------------------------------------------------------------
    STEP_HELPED = "step_helped"
    STEP_DID_NOT_HELP = "step_did_not_help"
    SUGGESTION_TAKE = "suggestion_take"
    SUGGESTION_DECLINE = "suggestion_decline"
    RETROSPECTIVE = "retrospective"
    ACCOUNT_FILL = "account_fill"
    ACCOUNT_CONTACT = "account_contact"
    ACCOUNT_SENTIMENT = "account_sentiment"
    DRILL_OVERDUE = "drill_overdue"
    DRILL_AT_RISK = "drill_at_risk"
    DRILL_REPORT = "drill_report"
    DRILL_BOTTLENECKS = "drill_bottlenecks"

    # --- rehearsals ---------------------------------------------------------------------------------------------------
    REHEARSAL_PREVIOUS = "rehearsal_previous"
    REHEARSAL_NEXT = "rehearsal_next"


class CallbackId(StrEnum):
    # --- steps, runs and escalations ----------------------------------------------------------------------------------
    STEP_COMPLETE = "step_complete"
    STEP_WRONG = "step_wrong"
    STEP_EMAIL = "step_email"
    STEP_NOTE = "step_note"
    STEP_SNOOZE = "step_snooze"
    STEP_SKIP = "step_skip"
    STEP_NOT_APPLICABLE = "step_not_applicable"
    STEP_BLOCK = "step_block"
    STEP_REASSIGN = "step_reassign"
    ESCALATE = "escalate"
    ESCALATION_ASK = "escalation_ask"
    ESCALATION_RESOLVE = "escalation_resolve"
    RUN_START = "run_start"
    ROUND_SKIP = "round_skip"
    MILESTONE_NOTE = "milestone_note"

    # --- alerts -------------------------------------------------------------------------------------------------------
    ALERT_NOT_NOW = "alert_not_now"
    ALERT_WRONG_DATA = "alert_wrong_data"
    CODE_RED = "code_red"

    # --- accounts -----------------------------------------------------------------------------------------------------
    ACCOUNT_NOTE = "account_note"
    ACCOUNT_ADD = "account_add"
    ACCOUNT_EDIT = "account_edit"
    ACCOUNT_CONTACT = "account_contact"
    ACCOUNT_SENTIMENT = "account_sentiment"
    LOG_TO_ACCOUNT = "log_to_account"
    QUARANTINE_ASSIGN = "quarantine_assign"

    # --- versions and exemptions of playbooks -------------------------------------------------------------------------
    VERSION_SEND_BACK = "version_send_back"
    RUNS_MOVE = "runs_move"
    EXEMPTION_REQUEST = "exemption_request"

    # --- journeys -----------------------------------------------------------------------------------------------------
    JOURNEY_CONFIRM = "journey_confirm"

    # --- success plan and advocacy ------------------------------------------------------------------------------------
    OBJECTIVE_ADD = "objective_add"
    OBJECTIVE_UPDATE = "objective_update"
    ADVOCACY_ASK = "advocacy_ask"
    ADVOCACY_ANSWER = "advocacy_answer"

    # --- what leaders look at, feedback -------------------------------------------------------------------------------
    STEP_FEEDBACK = "step_feedback"
    SUGGESTION_DECLINE = "suggestion_decline"
    RETROSPECTIVE = "retrospective"


VALUE = "value"  # the action id of an input's element: the block id says which input it is


class InputId(StrEnum):
    """The block ids of inputs in modals. Where the engine names a field in an error, the input has that name."""

    # --- steps, runs and escalations ----------------------------------------------------------------------------------
    NOTE = "note"
    QUICK_DATE = "quick_date"
    UNTIL = "until"
    REASON = "reason"
    CATEGORY = "category"
    HELPERS = "helpers"
    ANOTHER_HELPER = "another_helper"
    MEMBER = "member_id"
    OUTCOME = "outcome"
    ARTEFACT = "artefact"
    EMAIL_TO = "to"
    EMAIL_SUBJECT = "subject"
    EMAIL_BODY = "body"
    SENT_MYSELF = "sent_myself"
    WRONG = "wrong"
    TARGET = "target"
    SEVERITY = "severity"
    ASK = "ask"
    TRIED = "tried"
    DEADLINE = "deadline"
    QUESTION = "question"
    RESOLUTION = "resolution"
    CONTACT = "contact"

    # --- accounts -----------------------------------------------------------------------------------------------------
    ACCOUNT = "account"
    OTHER_ACCOUNT = "other_account"
    ACCOUNT_NAME = "name"
    ACCOUNT_KEY = "key"
    DOMAIN = "domain"
    EMAIL = "email"
    CONTACT_TITLE = "contact_title"
    CONTACT_ROLES = "roles"
    SENTIMENT = "sentiment"
    COMMENT = "comment"
    SEGMENT = "segment"
    TOUCH = "touch"
    STAGE = "stage"
    JOURNEY = "journey"
    MATURITY = "maturity"
    MET_MILESTONES = "met_milestones"
    ARR = "arr"
    CURRENCY = "currency"
    COUNTRY = "country"
    INDUSTRY = "industry"
    CONTRACT_START = "contract_start"
    TRIAL_END = "trial_end"
    GO_LIVE_DATE = "go_live_date"
    RENEWAL_DATE = "renewal_date"
    CSM = "csm_id"
    AE = "ae_id"
    LEADER = "leader_id"
    SPECIALIST = "specialist_id"
    SUPPORT = "support_id"
    FINANCE = "finance_id"
    PRODUCT = "product_id"
    MARKETING = "marketing_id"
    RENEWAL_OWNER = "renewal_owner_id"
    GUARDIAN = "guardian_id"

    # --- success plan and advocacy ------------------------------------------------------------------------------------
    OBJECTIVE_TITLE = "title"
    MEASURE = "measure"
    BASELINE = "baseline"
    CURRENT = "current"
    OBJECTIVE_STATUS = "status"
    EVIDENCE = "evidence"
    DUE_ON = "due_on"
    OWNER = "owner"
    ASK_KIND = "kind"
    OVERRIDE = "override"

    # --- what leaders look at, feedback -------------------------------------------------------------------------------
    CHANGE = "change"
    HAPPENED = "happened"
    CAUSE = "cause"
    PLAYBOOK = "playbook"


ANSWER_PREFIX = "answers."


def answer_input(question_key: str) -> str:
    """The block id of a step's question."""
    return f"{ANSWER_PREFIX}{question_key}"
