"""Configuration, read once from the environment (and from a .env file in the working directory)."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


def async_database_url(url: str) -> str:
    """Spell a database address the way SQLAlchemy's async drivers want it."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+asyncpg://" + url.removeprefix(prefix)
    if url.startswith("sqlite://"):
        return "sqlite+aiosqlite://" + url.removeprefix("sqlite://")
    return url


def _usable_database_url(url: str) -> str:
    """Raises ValueError, without the address, which may hold a password."""
    if not async_database_url(url).startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
        raise ValueError("it must begin with sqlite:/// or postgresql://")
    try:
        urlsplit(url).port  # noqa: B018  # which it works out when it is asked
    except ValueError:
        raise ValueError("the port is no number; in a password, @ : / and # are written %40 %3A %2F and %23") from None
    return async_database_url(url)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = Field(None, description="Socket Mode is used when this is set.")
    slack_api_url: str = "https://slack.com/api/"
    database_url: Annotated[str, AfterValidator(_usable_database_url)] = Field("sqlite:///playcall.db", repr=False)
    port: int = 3000
    playbooks_dir: Path = ROOT / "playbooks"
    templates_dir: Path = ROOT / "templates"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    escalation_channel: str = Field("cs-escalations", description="Where escalations are posted: id or name.")
    leaders_channel: str = Field("cs-leaders", description="Where the leaders read along: id or name.")
    changes_channel: str | None = Field(
        None, description="Where approved changes of playbooks are told; the leaders' channel when it is not set."
    )
    ops_channel: str | None = Field(None, description="Where failed deliveries are reported, besides doctor.")
    email_channel: str | None = Field(None, description="Emails are posted to this channel instead of being sent.")

    smtp_url: SecretStr | None = Field(None, description="The mail server: smtp://user:password@host:587, or smtps://.")
    email_from: str | None = Field(None, description="Whom mails come from that cannot come from the member's address.")
    email_domains: str = Field("", description="Domains of ours a mail may come from; EMAIL_FROM's when it is empty.")
    public_url: str | None = Field(None, description="Where web is reached from outside, for links to unsubscribe.")
    emails_per_second: float = Field(5, gt=0, description="How many emails a second the mail server is given.")
    smtp_timeout_seconds: float = Field(60, gt=0, description="How long sending one email may take altogether.")

    coalesce_seconds: float = Field(120, ge=0, description="Steps due for one person within this time are one message.")
    heartbeat_seconds: float = Field(5, gt=0, description="How often due touchpoints are looked for.")
    outbox_poll_seconds: float = Field(
        0.5, gt=0, description="How often the outbox is looked at when nothing wakes it."
    )
    lease_seconds: float = Field(
        60, gt=0, description="How long a worker may hold a delivery before another may take it."
    )
    workspace_messages_per_second: float = Field(
        20, gt=0, description="The cap on messages over all channels together."
    )

    worker_metrics_port: int | None = Field(
        None, description="Where the worker answers Prometheus; web does at /metrics."
    )

    capacity_hours: float = Field(30, gt=0, description="How many hours of a week a person has for playbooks.")
    step_minutes: int = Field(30, gt=0, description="How long a step takes whose playbook does not say.")

    api_requests_per_minute: int = Field(600, gt=0, description="How often a token may call, for each web process.")
    segment_secret: SecretStr | None = Field(None, description="Shared secret of the Segment webhook destination.")
    zendesk_secret: SecretStr | None = Field(None, description="Signing secret of the Zendesk webhook.")
    hubspot_secret: SecretStr | None = Field(None, description="Client secret of the HubSpot app.")

    @property
    def can_send_email(self) -> bool:
        return self.email_channel is not None or self.smtp_url is not None
