"""The two ways in which a mail server does not do what it was asked, and what its answers mean."""

import re

import aiosmtplib

# The server wants something of whoever runs Playcall, not of this mail: it goes out when that is mended.
CREDENTIALS = frozenset({530, 534, 535, 538})
# Without an enhanced code, these answers to an address mean that nobody has it.
NOBODY_THERE = frozenset({550, 551, 553})

_ENHANCED = re.compile(r"\b[45]\.(\d{1,3})\.(\d{1,3})\b")
WORDS = 160


class MailTrouble(Exception):
    """The server is out of reach, was too slow, or asks to come again later. `reason` is for the log and the doctor."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(Exception):
    """The server will never take this mail. `bounced`: because nobody has the address."""

    def __init__(self, reason: str, *, bounced: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bounced = bounced


def trouble_from_smtp(error: Exception) -> MailTrouble | MailRefused:
    """What an error while sending one mail to one address comes to."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return _without_answer(error)
    said = f"{error.code} {_brief(error.message)}".strip()
    if error.code < 500 or error.code in CREDENTIALS or _is_about_the_server(error):
        return MailTrouble(said)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        if _nobody_has(error.code, error.message):
            return MailRefused(f"their mail server says that nobody has this address ({said})", bounced=True)
        return MailRefused(f"the mail server does not take mail for this address ({said})")
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return MailRefused(f"the mail server does not send in the name of {error.sender} ({said})")
    return MailRefused(f"the mail server refused what it says ({said})")


def _without_answer(error: Exception) -> MailTrouble | MailRefused:
    if isinstance(error, aiosmtplib.SMTPNotSupported) and "SMTPUTF8" in error.message:
        return MailRefused("the mail server cannot write to an address with letters beyond the Latin ones")
    words = error.message if isinstance(error, aiosmtplib.SMTPException) and not isinstance(error, OSError) else ""
    return MailTrouble(_brief(words) or type(error).__name__)


def _is_about_the_server(error: aiosmtplib.SMTPResponseException) -> bool:
    """It did not let us begin: nothing was said about a mail yet."""
    return isinstance(
        error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError | aiosmtplib.SMTPAuthenticationError
    )


def _nobody_has(code: int, message: str) -> bool:
    """By the enhanced code (RFC 3463) when there is one: 5.1 is about the address, 5.2.1 a mailbox that is closed."""
    if found := _ENHANCED.search(message):
        return found[1] == "1" or found.groups() == ("2", "1")
    return code in NOBODY_THERE and "relay" not in message.lower()


def _brief(message: str) -> str:
    return " ".join(message.split())[:WORDS]
