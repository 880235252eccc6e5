"""Who and what is in the demo workspace: the same ids in its configuration and in the sample book."""

from dataclasses import dataclass

from bot.models import MemberRole

TEAM_ID = "T0PLAYCALL"
APP_ID = "A0PLAYCALL"
BOT_USER_ID = "U0PLAYCALL"
BOT_TOKEN = "xoxb-demo"  # noqa: S105  # known to the demo workspace alone
APP_TOKEN = "xapp-demo"  # noqa: S105
SIGNING_SECRET = "demo-signing-secret"  # noqa: S105

START_CHANNEL = "start-here"
EMAIL_CHANNEL = "cs-emails"
ESCALATION_CHANNEL = "cs-escalations"
LEADERS_CHANNEL = "cs-leaders"
CHANNELS = {  # name -> purpose; the first is what the page opens with
    START_CHANNEL: "A tour of Playcall in five minutes",
    ESCALATION_CHANNEL: "Calls for help, answered here",
    LEADERS_CHANNEL: "Where the leaders read along",
    EMAIL_CHANNEL: "Emails that would be sent appear here",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at Northwind Cloud, the company whose customer-success team the demo shows."""

    handle: str
    name: str
    role: MemberRole
    deputy: str | None = None

    @property
    def slack_user_id(self) -> str:
        return f"U0{self.handle.upper()}"

    @property
    def email(self) -> str:
        return f"{self.handle}@northwind.example"


PEOPLE = (  # the first is who the page acts as when it opens
    Person("maya", "Maya Lindqvist", MemberRole.CSM, deputy="noah"),
    Person("leo", "Leo Martins", MemberRole.AE, deputy="ines"),
    Person("dana", "Dana Okafor", MemberRole.LEADER),
    Person("sam", "Sam Whitfield", MemberRole.SPECIALIST, deputy="maya"),
    Person("noah", "Noah Berg", MemberRole.CSM, deputy="maya"),
    Person("ines", "Inès Laurent", MemberRole.AE, deputy="leo"),
    Person("priya", "Priya Raman", MemberRole.SUPPORT, deputy="sam"),
    Person("tom", "Tom Keller", MemberRole.FINANCE, deputy="dana"),
    Person("rosa", "Rosa Ferreira", MemberRole.PRODUCT, deputy="sam"),
    Person("nils", "Nils Aune", MemberRole.MARKETING, deputy="dana"),
)


def channel_id(name: str) -> str:
    return "C0" + name.upper().replace("-", "")


def direct_channel_id(person: Person) -> str:
    return f"D0{person.handle.upper()}"
