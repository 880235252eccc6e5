"""The sample book of business: fifteen customers of every segment, stage and mood, and what happened with them.

Amounts are US dollars a year. Days in facts count from today; days in stories are working days before today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.demo.story import (
    Acknowledges,
    Aims,
    Asks,
    Blocks,
    CallsOff,
    Completes,
    Escalates,
    Feels,
    In,
    Measures,
    Meets,
    Notes,
    Plans,
    Reaches,
    RenewalComesNear,
    Resolves,
    Scene,
    Starts,
)
from bot.models import (
    AskKind,
    AskStatus,
    ContactRole,
    MemberRole,
    ObjectiveStatus,
    Segment,
    Sentiment,
    Severity,
    Stage,
    Touch,
)

ADMIN, CHAMPION, SPONSOR = ContactRole.ADMIN, ContactRole.CHAMPION, ContactRole.EXECUTIVE_SPONSOR
SIGNATORY, POWER_USER = ContactRole.SIGNATORY, ContactRole.POWER_USER
DECIDER, BILLING = ContactRole.DECISION_MAKER, ContactRole.BILLING
REFERENCE, CASE_STUDY, ADVISORY_BOARD = AskKind.REFERENCE, AskKind.CASE_STUDY, AskKind.ADVISORY_BOARD
ACCEPTED, DELIVERED = AskStatus.ACCEPTED, AskStatus.DELIVERED
GREEN, YELLOW, RED = Sentiment.GREEN, Sentiment.YELLOW, Sentiment.RED


@dataclass(frozen=True)
class Someone:
    """A person at a customer. The address is made from the first name."""

    name: str
    title: str
    roles: Sequence[ContactRole]
    nps: int | None = None


@dataclass(frozen=True)
class Customer:
    key: str
    name: str
    segment: Segment
    touch: Touch
    stage: Stage
    arr: int | None
    csm: str
    ae: str
    industry: str
    outcome: str
    contract_start: int | None = None
    renewal: int | None = None
    go_live: int | None = None
    trial_end: int | None = None
    maturity: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    people: Sequence[Someone] = ()
    story: Sequence[Scene] = ()
    unconfirmed: Sequence[str] = ()  # milestones of its journey, by key, that nobody has said are reached

    @property
    def domain(self) -> str:
        return f"{self.key}.example"


ACME = Customer(
    "acme",
    "Acme Robotics",
    Segment.MID_MARKET,
    Touch.HIGH,
    Stage.ADOPTION,
    arr=84_000,
    csm="maya",
    ae="leo",
    industry="Industrial automation",
    outcome="Close the month in 3 days instead of 9",
    contract_start=-247,
    renewal=116,
    go_live=-190,
    maturity=3,
    attributes={"seats": 120, "active_users": 96, "value_to_date": "Month-end close down from 9 days to 4"},
    people=[
        Someone("Wile Coyote", "Head of Finance Operations", [CHAMPION, DECIDER], nps=9),
        Someone("Marvin Martian", "Systems Administrator", [ADMIN], nps=8),
        Someone("Olive Porter", "Chief Financial Officer", [SPONSOR, SIGNATORY]),
        Someone("Pete Puma", "Accounts Payable Lead", [POWER_USER]),
    ],
    story=[
        Scene(
            110,
            "maya",
            Aims("Close in under a week", "Days to close the month", "9", "5", In(-60), "Wile Coyote"),
        ),
        Scene(
            110,
            "maya",
            Aims("Close in 3 days", "Days to close the month", "9", "3", In(75), "Wile Coyote"),
        ),
        Scene(
            110,
            "maya",
            Aims("Match invoices by machine", "Invoices matched untouched", "35 %", "80 %", In(-4), "Pete Puma"),
        ),
        Scene(110, "maya", CallsOff("success-plan", "Wile and I wrote the plan at his desk; it is on the account")),
        Scene(58, "maya", Reaches("first-close", "October closed in 4 days, confirmed by Wile Coyote")),
        Scene(
            57,
            "maya",
            Measures(
                "Close in under a week",
                "4",
                ObjectiveStatus.MET,
                "October closed in 4 days, confirmed by Wile Coyote",
            ),
        ),
        Scene(56, "maya", Asks("Wile Coyote", REFERENCE, DELIVERED, "Half an hour with a prospect in Leeds")),
        Scene(41, "maya", Measures("Close in 3 days", "4")),
        Scene(41, "maya", Measures("Match invoices by machine", "62 %")),
        Scene(
            41, "maya", Notes("Quarterly review held. Wile wants the subsidiaries on board next year; Olive joined.")
        ),
        Scene(40, "maya", Starts("expansion-opportunity")),
        Scene(
            39,
            "maya",
            Completes(
                "check-usage",
                {"seats": 120, "active_users": 96, "need": "The subsidiaries would need about 60 seats"},
                outcome="not-now",
                reason="Wile wants the budget of the new year first",
            ),
        ),
        Scene(24, "maya", Feels(GREEN, "Champion is happy, usage is steady")),
        Scene(9, "maya", Notes("Call with Wile: budget round starts next month, he wants our numbers before it.")),
        Scene(1, "maya", RenewalComesNear()),
    ],
    unconfirmed=("value-proven", "reference-given"),
)

GLOBEX = Customer(
    "globex",
    "Globex Logistics",
    Segment.ENTERPRISE,
    Touch.HIGH,
    Stage.ONBOARDING,
    arr=240_000,
    csm="maya",
    ae="leo",
    industry="Logistics",
    outcome="Plan 400 trucks a day with two planners instead of six",
    contract_start=-8,
    renewal=357,
    go_live=38,
    maturity=2,
    attributes={"seats": 300},
    people=[
        Someone("Hank Scorpio", "Chief Operating Officer", [SPONSOR, SIGNATORY]),
        Someone("Mindy Simmons", "Head of Dispatch", [CHAMPION, DECIDER]),
        Someone("Frank Grimes", "IT Operations", [ADMIN]),
        Someone("Ruth Powers", "Senior Dispatcher", [POWER_USER]),
        Someone("Artie Ziff", "Accounts Payable", [BILLING]),
    ],
    story=[
        Scene(5, "leo", Reaches("contract-signed", "Three years, 300 seats")),
        Scene(
            4,
            "leo",
            Completes(
                "sales-handoff",
                {
                    "outcome": "Plan 400 trucks a day with two planners instead of six",
                    "success_measure": "Two planners a shift by the end of the quarter",
                    "go_live_date": In(38),
                    "seats": 300,
                    "people": "Hank Scorpio pays, Mindy Simmons runs it, Frank Grimes is the sceptic",
                    "promises": "The SAP connector works in the first week",
                    "risks": "Frank's team is moving data centres at the same time",
                },
                artefact="https://files.northwind.example/globex/order-form",
            ),
        ),
        Scene(3, "maya", Completes("read-card")),
        Scene(3, "maya", Completes("welcome-email")),
        Scene(2, "tom", Completes("billing", {"billing_email": "artie@globex.example", "first_invoice_on": In(21)})),
        Scene(
            2,
            "maya",
            Notes("Mindy answered within the hour: kick-off is set for today, Hank joins for the first ten minutes."),
        ),
        Scene(2, "maya", Plans("go-live", In(38))),
        Scene(
            2,
            "maya",
            Aims("Two planners a shift", "Planners for 400 trucks a day", "6", "2", In(120), "Mindy Simmons"),
        ),
        Scene(
            2,
            "maya",
            Aims("Plan in SAP and nowhere else", "Trucks planned by hand", "150", "0", In(60), "Frank Grimes"),
        ),
    ],
)

INITECH = Customer(
    "initech",
    "Initech Software",
    Segment.MID_MARKET,
    Touch.HIGH,
    Stage.ONBOARDING,
    arr=56_000,
    csm="maya",
    ae="ines",
    industry="Software",
    outcome="One report for the board instead of eight spreadsheets",
    contract_start=-52,
    renewal=313,
    go_live=-6,
    maturity=1,
    attributes={"seats": 80, "active_users": 11},
    people=[
        Someone("Bill Lumbergh", "Vice President, Division", [SPONSOR, SIGNATORY], nps=3),
        Someone("Peter Gibbons", "Reporting Lead", [CHAMPION], nps=6),
        Someone("Samir Nagheenanajar", "Data Engineer", [ADMIN]),
        Someone("Milton Waddams", "Collator", [POWER_USER]),
    ],
    story=[
        Scene(36, "ines", Reaches("contract-signed", "One year, 80 seats")),
        Scene(
            35,
            "ines",
            Completes(
                "sales-handoff",
                {
                    "outcome": "One report for the board instead of eight spreadsheets",
                    "success_measure": "The March board meeting uses one report",
                    "go_live_date": In(-6),
                    "seats": 80,
                    "people": "Bill Lumbergh signs, Peter Gibbons does the work",
                    "promises": "The nightly export runs unattended",
                    "risks": "Bill expects it to run by itself",
                },
                artefact="https://files.northwind.example/initech/order-form",
            ),
        ),
        Scene(34, "maya", Completes("read-card")),
        Scene(34, "maya", Completes("welcome-email")),
        Scene(
            31,
            "maya",
            Completes(
                "kickoff",
                {
                    "go_live_date": In(-6),
                    "first_result": "The sales page of the board report",
                    "next_step": "Samir sets up the nightly export",
                },
                outcome="held-without-sponsor",
                artefact="https://files.northwind.example/initech/plan",
                reason="Bill Lumbergh left after five minutes",
            ),
        ),
        Scene(29, "sam", Completes("training-invite")),
        Scene(31, "maya", Plans("go-live", In(-6))),
        Scene(30, "maya", Notes("Kick-off went well, but Bill Lumbergh left after five minutes.")),
        Scene(14, "maya", Feels(YELLOW, "Data export is two weeks late on their side")),
        Scene(22, "maya", Notes("The nightly export still fails every other night, and Samir is on leave.")),
        Scene(0, "maya", Feels(RED, "Bill asked this morning what it costs to leave. Go-live was due last week.")),
    ],
)

UMBRELLA = Customer(
    "umbrella",
    "Umbrella Health",
    Segment.ENTERPRISE,
    Touch.HIGH,
    Stage.ADOPTION,
    arr=310_000,
    csm="maya",
    ae="leo",
    industry="Healthcare",
    outcome="Every ward sees its staffing a week ahead",
    contract_start=-420,
    renewal=310,
    go_live=-350,
    maturity=4,
    attributes={"seats": 900, "active_users": 610, "open_tickets": 7},
    people=[
        Someone("Alice Abernathy", "Director of Nursing", [CHAMPION, DECIDER], nps=5),
        Someone("Albert Wesker", "Chief Information Officer", [SPONSOR, SIGNATORY], nps=4),
        Someone("Rain Ocampo", "Application Manager", [ADMIN], nps=6),
        Someone("Carlos Oliveira", "Ward Manager", [POWER_USER], nps=8),
    ],
    story=[
        Scene(
            33,
            "maya",
            Escalates(
                "The roster was empty on four wards for a day.",
                "Support is on it; Alice called twice.",
                Severity.CRITICAL,
            ),
        ),
        Scene(33, "dana", Acknowledges()),
        Scene(29, "dana", Resolves("Cause found and told to Albert Wesker in person; credit of one month agreed.")),
        Scene(13, "maya", Notes("Alice wants a date for every open ticket. Sent her the list.")),
        Scene(12, "maya", Feels(RED, "Since the outage they have a rival in for demonstrations")),
        Scene(5, "maya", Starts("low-nps")),
        Scene(
            4,
            "maya",
            Completes(
                "read-scores",
                {"average": 5.8, "low_scorers": 3, "themes": "The outage in autumn, and answers that come late"},
            ),
        ),
        Scene(4, "maya", Completes("read-card")),
        Scene(4, "maya", Completes("email-low-scorers")),
        Scene(2, "dana", Completes("leader-call")),
        Scene(2, "dana", Notes("Ten minutes with Albert: he wants one name for support, not a queue.")),
    ],
)

HOOLI = Customer(
    "hooli",
    "Hooli Media",
    Segment.ENTERPRISE,
    Touch.HIGH,
    Stage.EXPANSION,
    arr=420_000,
    csm="maya",
    ae="leo",
    industry="Media",
    outcome="Launch campaigns in a day in every country",
    contract_start=-610,
    renewal=205,
    go_live=-540,
    maturity=5,
    attributes={"seats": 500, "active_users": 492},
    people=[
        Someone("Gavin Belson", "Chief Executive", [SPONSOR, SIGNATORY], nps=10),
        Someone("Donald Bachman", "Campaign Operations", [CHAMPION, DECIDER], nps=9),
        Someone("Patrice Mulaney", "Platform Administrator", [ADMIN], nps=9),
    ],
    story=[
        Scene(46, "maya", Reaches("business-review", "Gavin asked what it would take to bring Asia on board")),
        Scene(
            90,
            "maya",
            Aims("A campaign in a day", "Days from brief to launch", "12", "1", In(-20), "Donald Bachman"),
        ),
        Scene(
            25,
            "maya",
            Measures("A campaign in a day", "1", ObjectiveStatus.MET, "Eleven of the last twelve launched in a day"),
        ),
        Scene(20, "maya", Asks("Gavin Belson", ADVISORY_BOARD)),
        Scene(18, "maya", Asks("Donald Bachman", CASE_STUDY, ACCEPTED, "Wants to see the text first")),
        Scene(17, "maya", Feels(GREEN, "They sell us to their own partners")),
        Scene(2, "maya", Starts("expansion-opportunity")),
        Scene(
            2,
            "maya",
            Completes(
                "check-usage",
                {"seats": 500, "active_users": 492, "need": "Asia starts in spring: about 200 more seats, Donald said"},
                outcome="opportunity",
            ),
        ),
        Scene(1, "maya", Completes("read-card")),
    ],
)

WAYNE = Customer(
    "wayne",
    "Wayne Security",
    Segment.MID_MARKET,
    Touch.HIGH,
    Stage.RENEWAL,
    arr=132_000,
    csm="maya",
    ae="leo",
    industry="Security services",
    outcome="Answer every alarm within four minutes",
    contract_start=-318,
    renewal=47,
    go_live=-260,
    maturity=4,
    attributes={"seats": 150, "active_users": 141, "value_to_date": "Median answer 3:40, down from 9:10"},
    people=[
        Someone("Lucius Fox", "Head of Operations", [CHAMPION, DECIDER], nps=9),
        Someone("Selina Kyle", "Night Shift Lead", [POWER_USER], nps=8),
        Someone("Alfred Pennyworth", "Managing Director", [SPONSOR, SIGNATORY], nps=10),
        Someone("Barbara Gordon", "Systems Administrator", [ADMIN], nps=9),
    ],
    story=[
        Scene(50, "maya", RenewalComesNear()),
        Scene(
            46,
            "maya",
            Completes(
                "readiness",
                dict.fromkeys(
                    ("outcome_met", "used_weekly", "sponsor_known", "tickets_fine", "invoices_paid", "no_rival"), "yes"
                ),
                outcome="non-event",
            ),
        ),
        Scene(46, "maya", Completes("read-card")),
        Scene(
            44,
            "maya",
            Completes(
                "check-success",
                {
                    "goal": "Answer every alarm within four minutes",
                    "value": "Median answer 3:40, down from 9:10",
                    "confirmed_by": "Lucius Fox",
                },
            ),
        ),
        Scene(
            41,
            "maya",
            Completes(
                "contract-terms",
                {
                    "renewal_date": In(47),
                    "notice_by": In(17),
                    "auto_renews": "no",
                    "terms": "12 months, list price, increases capped at 5 %",
                    "decision_maker": "Lucius Fox",
                    "sponsor": "Alfred Pennyworth",
                    "signatory": "Alfred Pennyworth",
                    "approval_weeks": 2,
                },
            ),
        ),
        Scene(39, "maya", Completes("ebr-invite")),
        Scene(36, "leo", Completes("align-with-ae")),
        Scene(34, "maya", Completes("prepare-ebr", artefact="https://files.northwind.example/wayne/review")),
        Scene(
            30,
            "maya",
            Completes(
                "hold-ebr",
                {
                    "value_agreed": "yes",
                    "missing": "Nothing; they want the mobile view for the patrols",
                    "next_goal": "Answer within three minutes",
                },
                outcome="held",
            ),
        ),
        Scene(29, "maya", Completes("ebr-recap")),
        Scene(18, "maya", Feels(GREEN, "Alfred called us the quiet ones, as praise")),
        Scene(10, "leo", Completes("proposal")),
        Scene(4, "maya", Notes("Lucius has the proposal on his desk; their board meets this week.")),
    ],
)

WONKA = Customer(
    "wonka",
    "Wonka Sweets",
    Segment.MID_MARKET,
    Touch.HIGH,
    Stage.ADOPTION,
    arr=68_000,
    csm="maya",
    ae="ines",
    industry="Food",
    outcome="Never run out of cocoa again",
    contract_start=-160,
    renewal=205,
    go_live=-110,
    maturity=3,
    attributes={"seats": 60, "active_users": 52},
    people=[
        Someone("Violet Beauregarde", "Supply Planner", [CHAMPION, POWER_USER], nps=8),
        Someone("Grandma Georgina", "Plant Director", [SPONSOR, DECIDER, SIGNATORY]),
    ],
    story=[
        Scene(21, "maya", Feels(GREEN, "Violet shows it to every visitor")),
        Scene(1, "maya", Meets("Charlie Bucket", "charlie@wonka.example", "Planning Systems Administrator", [ADMIN])),
        Scene(1, "maya", Completes("why-changed", outcome="replaced")),
        Scene(1, "maya", Completes("day-0-email")),
        Scene(1, "priya", Completes("access", {"works": "yes", "old_removed": "yes"})),
    ],
)

MASSIVE = Customer(
    "massive",
    "Massive Dynamic",
    Segment.ENTERPRISE,
    Touch.HIGH,
    Stage.ADOPTION,
    arr=275_000,
    csm="maya",
    ae="ines",
    industry="Research",
    outcome="Find any experiment of the last ten years in a minute",
    contract_start=-95,
    renewal=270,
    go_live=-3,
    maturity=3,
    attributes={"seats": 400, "active_users": 233},
    people=[
        Someone("Nina Sharp", "Chief Operating Officer", [SPONSOR, DECIDER, SIGNATORY], nps=9),
        Someone("Astrid Farnsworth", "Knowledge Manager", [CHAMPION, ADMIN], nps=9),
    ],
    story=[
        Scene(20, "maya", Notes("Training done for all three labs; Astrid ran the third herself.")),
        Scene(2, "maya", Feels(GREEN, "Nina wrote to the whole company")),
        Scene(0, "maya", Reaches("go-live", "All labs search in it; the old index is switched off")),
    ],
)

PIED_PIPER = Customer(
    "pied-piper",
    "Pied Piper",
    Segment.SMB,
    Touch.LOW,
    Stage.TRIAL,
    arr=None,
    csm="maya",
    ae="ines",
    industry="Software",
    outcome="See whether it saves the founders a day a week",
    trial_end=9,
    maturity=1,
    attributes={"seats": 8, "active_users": 5},
    people=[Someone("Monica Hall", "Operations", [CHAMPION, ADMIN, DECIDER])],
    story=[Scene(4, "ines", Notes("Monica likes it; price is the question. Trial ends next week."))],
)

STARK = Customer(
    "stark",
    "Stark Energy",
    Segment.ENTERPRISE,
    Touch.HIGH,
    Stage.RENEWAL,
    arr=510_000,
    csm="noah",
    ae="leo",
    industry="Energy",
    outcome="Forecast output per plant within 2 %",
    contract_start=-995,
    renewal=100,
    go_live=-900,
    maturity=4,
    attributes={"seats": 700, "active_users": 455, "open_tickets": 12},
    people=[
        Someone("Virginia Potts", "Chief Executive", [SPONSOR, SIGNATORY], nps=7),
        Someone("James Rhodes", "Head of Planning", [CHAMPION, DECIDER], nps=7),
        Someone("Maria Hill", "Platform Lead", [ADMIN], nps=6),
    ],
    story=[
        Scene(13, "noah", RenewalComesNear()),
        Scene(
            10,
            "noah",
            Completes(
                "readiness",
                {
                    "outcome_met": "yes",
                    "used_weekly": "no",
                    "sponsor_known": "yes",
                    "tickets_fine": "no",
                    "invoices_paid": "yes",
                    "no_rival": "no",
                },
                outcome="at-risk",
                reason="A rival has a pilot in one plant, and twelve tickets are open",
            ),
        ),
        Scene(10, "noah", Completes("read-card")),
        Scene(9, "noah", Feels(YELLOW, "James is with us, the plants are not")),
        Scene(4, "noah", Blocks("check-success", "Waiting for the forecast figures of the last quarter")),
    ],
)

SOYLENT = Customer(
    "soylent",
    "Soylent Foods",
    Segment.MID_MARKET,
    Touch.LOW,
    Stage.ADOPTION,
    arr=47_000,
    csm="noah",
    ae="ines",
    industry="Food",
    outcome="Trace every batch in ten minutes",
    contract_start=-210,
    renewal=155,
    go_live=-170,
    maturity=2,
    attributes={"seats": 90, "active_users": 34, "active_users_before": 71},
    people=[
        Someone("Sol Roth", "Quality Manager", [CHAMPION], nps=7),
        Someone("Shirl Tab", "Plant Administrator", [ADMIN]),
    ],
    story=[
        Scene(5, "noah", Feels(YELLOW, "Half of them are gone, and nobody says why")),
        Scene(5, "noah", Starts("usage-drop")),
        Scene(
            5,
            "noah",
            Completes(
                "confirm-drop",
                {"before": 71, "after": 34, "where": "The second plant stopped on the 3rd"},
                outcome="real",
            ),
        ),
        Scene(4, "noah", Completes("day-1-email")),
        Scene(1, "noah", Completes("day-4-check", {"active_users": 36}, outcome="still-low")),
        Scene(
            3,
            "noah",
            Escalates(
                "Plant two has stopped using us and nobody calls back.",
                "Mail and two calls to Sol",
                Severity.MEDIUM,
                MemberRole.AE,
            ),
        ),
        Scene(2, "ines", Acknowledges()),
    ],
)

CYBERDYNE = Customer(
    "cyberdyne",
    "Cyberdyne Labs",
    Segment.SMB,
    Touch.LOW,
    Stage.ONBOARDING,
    arr=18_000,
    csm="noah",
    ae="ines",
    industry="Electronics",
    outcome="One place for all test results",
    contract_start=-6,
    renewal=359,
    go_live=24,
    maturity=2,
    attributes={"seats": 15},
    people=[
        Someone("Miles Dyson", "Head of Engineering", [CHAMPION, DECIDER, SPONSOR]),
        Someone("Tarissa Dyson", "Office Manager", [ADMIN, BILLING]),
    ],
    story=[
        Scene(3, "ines", Reaches("contract-signed", "One year, 15 seats")),
        Scene(
            1,
            "ines",
            Completes(
                "sales-handoff",
                {
                    "outcome": "One place for all test results",
                    "success_measure": "No result older than a day is missing",
                    "go_live_date": In(24),
                    "seats": 15,
                    "people": "Miles decides, Tarissa sets it up",
                    "promises": "nothing",
                },
                artefact="https://files.northwind.example/cyberdyne/order-form",
            ),
        ),
    ],
)

TYRELL = Customer(
    "tyrell",
    "Tyrell *Optics*",  # asterisks that are part of the name, not bold print
    Segment.SMB,
    Touch.LOW,
    Stage.ADOPTION,
    arr=22_000,
    csm="noah",
    ae="ines",
    industry="Optics",
    outcome="Quotes out on the day of the request",
    contract_start=-130,
    renewal=235,
    go_live=-100,
    maturity=3,
    attributes={"seats": 20, "active_users": 19},
    people=[Someone("Rachael Tyrell", "Managing Director", [CHAMPION, ADMIN, DECIDER, SPONSOR], nps=9)],
    story=[Scene(15, "noah", Feels(GREEN, "Quotes go out the same day since spring"))],
)

VANDELAY = Customer(
    "vandelay",
    "Vandelay Imports",
    Segment.SMB,
    Touch.NONE,
    Stage.ADOPTION,
    arr=6_000,
    csm="noah",
    ae="ines",
    industry="Trade",
    outcome="Customs papers without retyping",
    contract_start=-80,
    renewal=285,
    go_live=-75,
    attributes={"seats": 4, "active_users": 2},
    people=[Someone("Art Vandelay", "Owner", [CHAMPION, ADMIN, DECIDER, BILLING])],
)

DUNDER = Customer(
    "dunder",
    "Dunder Paper",
    Segment.SMB,
    Touch.LOW,
    Stage.CHURNED,
    arr=0,
    csm="noah",
    ae="ines",
    industry="Paper",
    outcome="Win back the corner shops",
    contract_start=-400,
    renewal=-35,
    go_live=-360,
    attributes={"seats": 12, "active_users": 0},
    people=[Someone("Jan Levinson", "Regional Vice President", [SPONSOR, SIGNATORY], nps=2)],
    story=[
        Scene(60, "noah", Feels(RED, "The branch closes; Jan will not renew")),
        Scene(26, "noah", Notes("Contract ended. Data handed over, good-bye call held.")),
    ],
)

BOOK = (
    ACME,
    GLOBEX,
    INITECH,
    UMBRELLA,
    HOOLI,
    WAYNE,
    WONKA,
    MASSIVE,
    PIED_PIPER,
    STARK,
    SOYLENT,
    CYBERDYNE,
    TYRELL,
    VANDELAY,
    DUNDER,
)
