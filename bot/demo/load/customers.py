"""The people and the accounts of a load test: who looks after whom, how each account is doing. Pure."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.demo.load.scale import Scale
from bot.demo.load.sheets import Sheet, Values
from bot.models import (
    AlertStatus,
    ContactRole,
    EntryReason,
    EscalationStatus,
    MemberRole,
    MilestoneKind,
    MilestoneStatus,
    NoteSource,
    Rung,
    Segment,
    Sentiment,
    Severity,
    Stage,
    Touch,
)

COUNTRIES, INDUSTRIES = ("US", "GB", "DE", "FR", "IN"), ("Software", "Retail", "Health", "Finance", "Logistics")
SEGMENTS, STAGES, SENTIMENTS = tuple(Segment), tuple(Stage)[1:5], tuple(Sentiment)
TOUCH = {Segment.SMB: Touch.NONE, Segment.MID_MARKET: Touch.LOW, Segment.ENTERPRISE: Touch.HIGH}
ALERT_EVERY, ESCALATION_EVERY = 10, 20  # accounts
HEALTH_DAYS = (14, 7, 0)  # days ago of which health is kept
ARR, LAST_CONTACT, RENEWAL, SENTIMENT, HEALTH = range(5)  # what is drawn


def member_sheet(scale: Scale) -> Sheet:
    columns = "id email name role slack_user_id timezone country workday_start workday_end active created_at"
    roles = [MemberRole.CSM] * scale.csms + [MemberRole.AE] * scale.aes + [MemberRole.LEADER] * scale.leaders
    rows: list[Values] = [
        (n, f"person-{n}@load.example", f"Person {n}", role, f"ULOAD{n}", "UTC", "US", 9, 18, True, scale.now)
        for n, role in enumerate(roles, 1)
    ]
    return Sheet("members", columns.split(), rows)


def customer_sheets(scale: Scale, accounts: Sequence[int]) -> Iterator[Sheet]:
    """Each account with its team, a champion, a milestone, a note, three days of health; some with an alert, some with
    an escalation.
    """
    yield _accounts(scale, accounts)
    yield _roles(scale, accounts)
    yield _contacts(scale, accounts)
    yield _milestones(scale, accounts)
    yield _notes(scale, accounts)
    yield _health(scale, accounts)
    yield _alerts(scale, [account for account in accounts if account % ALERT_EVERY == 1])
    yield _escalations(scale, [account for account in accounts if account % ESCALATION_EVERY == 1])


def _accounts(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = (
        "id key name domain segment touch stage maturity entry_reason industry country arr currency contract_start"
        " renewal_date sentiment sentiment_at last_contact_at external_ids attributes archived created_at updated_at"
    )
    return Sheet("accounts", columns.split(), [_account(scale, account) for account in accounts])


def _account(scale: Scale, n: int) -> Values:
    segment, now = SEGMENTS[n % len(SEGMENTS)], scale.now
    renewal = now.date() + timedelta(days=scale.draw(RENEWAL, n, 365))
    place = (INDUSTRIES[n % len(INDUSTRIES)], COUNTRIES[n % len(COUNTRIES)])
    money = (1_000 * (1 + scale.draw(ARR, n, 200)), "USD", renewal - timedelta(days=365), renewal)
    felt = (SENTIMENTS[scale.draw(SENTIMENT, n, 3)], now - timedelta(days=n % 40))
    touched = now - timedelta(days=scale.draw(LAST_CONTACT, n, 60))
    served = (segment, TOUCH[segment], STAGES[n % len(STAGES)], 1 + n % 5, EntryReason.NEW)
    return (
        *(n, f"load-{n}", f"Load {n}", f"load-{n}.example", *served, *place, *money, *felt, touched),
        *("{}", "{}", False, now, now),
    )


def _roles(scale: Scale, accounts: Sequence[int]) -> Sheet:
    rows: list[Values] = [
        (account, role, member)
        for account in accounts
        for role, member in (
            (MemberRole.CSM, scale.csm(account)),
            (MemberRole.AE, scale.ae(account)),
            (MemberRole.LEADER, scale.leader(account)),
        )
    ]
    return Sheet("account_roles", ("account_id", "role", "member_id"), rows)


def _contacts(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = "id account_id name email title roles may_email advocacy external_ids created_at"
    roles = f'["{ContactRole.CHAMPION}"]'
    rows: list[Values] = [
        (n, n, f"Contact {n}", f"contact@load-{n}.example", "Head of Operations", roles, True, "[]", "{}", scale.now)
        for n in accounts
    ]
    return Sheet("contacts", columns.split(), rows)


def _milestones(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = ["account_id", "key", "title", "kind", "status", "target_date", "created_at"]
    about = ("go-live", "Go-live", MilestoneKind.CELEBRATION, MilestoneStatus.PLANNED)
    ahead = scale.now.date() + timedelta(days=30)
    return Sheet("milestones", columns, [(n, *about, ahead, scale.now) for n in accounts])


def _notes(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = ["account_id", "author_id", "source", "body", "created_at"]
    said = (NoteSource.COMMAND, "They asked for a second workspace.")
    return Sheet("notes", columns, [(n, scale.csm(n), *said, scale.now - timedelta(days=n % 90)) for n in accounts])


def _health(scale: Scale, accounts: Sequence[int]) -> Sheet:
    rows: list[Values] = [
        (n, scale.now.date() - timedelta(days=ago), 40 + scale.draw(HEALTH + ago, n, 60), 60, "{}")
        for n in accounts
        for ago in HEALTH_DAYS
    ]
    return Sheet("health_snapshots", ("account_id", "day", "score", "confidence", "components"), rows)


def _alerts(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = "account_id cause rule_key title why severity member_id status revision at_once created_at"
    about = ("usage", "load", "Usage fell", "Active users fell by a third in four weeks.", Severity.MEDIUM)
    rows: list[Values] = [(n, *about, scale.csm(n), AlertStatus.OPEN, 0, False, scale.now) for n in accounts]
    return Sheet("alerts", columns.split(), rows)


def _escalations(scale: Scale, accounts: Sequence[int]) -> Sheet:
    columns = (
        "account_id raised_by_id target owner_id severity status rung ask created_at acknowledge_by acknowledged_at"
        " acknowledged_by_id revision code_red"
    )
    now = scale.now
    rows: list[Values] = [
        (
            *(n, scale.csm(n), MemberRole.AE, scale.ae(n), Severity.HIGH, EscalationStatus.ACKNOWLEDGED, Rung.OWNER),
            *("Please talk to their new CFO.", now, now, now, scale.ae(n), 0, False),
        )
        for n in accounts
    ]
    return Sheet("escalations", columns.split(), rows)
