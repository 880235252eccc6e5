"""What the doctor looks at for emails: settings that fit together, and a mail server that lets us in."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from bot.delivery.building.emails import choose_sender
from bot.delivery.mail_refusals import MailRefused, MailTrouble
from bot.delivery.mailer import Mailer
from bot.delivery.outgoing import CannotSend
from bot.delivery.smtp_server import StartTls, parse_smtp_url
from bot.errors import ConfigurationError
from bot.findings import Finding, Level
from bot.settings import Settings

KNOCK_SECONDS = 15.0


async def look_at_mail(settings: Settings) -> AsyncIterator[Finding]:
    """Connects and signs in as for a mail, and sends none."""
    if settings.email_channel is not None:
        yield Finding(Level.OK, f"Email: shown in #{settings.email_channel.lstrip('#')}, not sent (EMAIL_CHANNEL).")
        return
    if settings.smtp_url is None:
        yield Finding(Level.OK, "Email: no way to send it is set up (SMTP_URL); people write from their own programs.")
        return
    for finding in look_at_addresses(settings):
        yield finding
    try:
        server = parse_smtp_url(settings.smtp_url.get_secret_value())
    except ConfigurationError as error:
        yield Finding(Level.FAIL, error.message)
        return
    if server.password and not server.implicit_tls and server.starttls is not StartTls.REQUIRED:
        mend = "Leave out ?starttls=, or use smtps://, unless the server is on this machine."
        yield Finding(Level.WARN, "SMTP_URL allows the password to go over the network unencrypted.", mend)
    try:
        await Mailer(server, min(settings.smtp_timeout_seconds, KNOCK_SECONDS)).knock()
    except (MailTrouble, MailRefused) as error:
        mend = "Check SMTP_URL: host, port, user, password and encryption."
        yield Finding(Level.FAIL, f"Email: {server} cannot be used ({error.reason}).", mend)
    else:
        yield Finding(Level.OK, f"Email: {server} lets Playcall in.")


def look_at_addresses(settings: Settings) -> list[Finding]:
    found = []
    try:
        choose_sender(settings, "Somebody", "somebody@elsewhere.invalid")
    except CannotSend:
        mend = "Set EMAIL_FROM to an address that may send, or name your domains in EMAIL_DOMAINS."
        level = Level.WARN if settings.email_domains.strip() else Level.FAIL
        found.append(Finding(level, "Email: there is no address for members whose own may not send.", mend))
    if settings.public_url is None:
        mend = "Set PUBLIC_URL to where web is reached, so that readers can unsubscribe with a click."
        found.append(
            Finding(Level.WARN, "PUBLIC_URL is not set: emails that go by themselves name an address only.", mend)
        )
    elif urlsplit(settings.public_url).scheme != "https":
        mend = "Mail programs offer their button to unsubscribe for https:// addresses only."
        found.append(Finding(Level.WARN, "PUBLIC_URL does not begin with https://.", mend))
    return found
