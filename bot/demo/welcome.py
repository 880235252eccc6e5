"""The tour, posted in #start-here of a fresh demo workspace."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.people import EMAIL_CHANNEL, ESCALATION_CHANNEL, START_CHANNEL, channel_id

TITLE = "Welcome to Playcall"

TOUR = (
    "You are *Maya*, a CSM at Northwind Cloud. Who you are is chosen at the top right, under *Act as*. "
    "Everything in here is made up, and nothing leaves this computer.",
    "*1.* Open *Playcall* under _Apps_, at the bottom left: your steps of today, your accounts, open escalations.\n"
    "*2.* Open your direct messages, *Maya Lindqvist*: Playcall has told you what is due. Complete a step, "
    "put one off, add a note, or reply in the thread.\n"
    "*3.* Type `/account health acme` here, to see how an account is doing and why.\n"
    "*4.* Type `/escalate acme`, then look into <#{escalations}>. Act as *Dana* and acknowledge it.\n"
    "*5.* Type `/clock advance 3d` and watch three days of playbooks go by in a second.",
    "`/account help` and `/playbook help` list the rest. Emails that would be sent appear in <#{emails}>.",
)


async def post_welcome(client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=channel_id(START_CHANNEL), text=TITLE, blocks=build_welcome())


def build_welcome() -> list[dict[str, Any]]:
    header = {"type": "header", "text": {"type": "plain_text", "text": TITLE}}
    places = {"escalations": channel_id(ESCALATION_CHANNEL), "emails": channel_id(EMAIL_CHANNEL)}
    return [header, *({"type": "section", "text": {"type": "mrkdwn", "text": t.format(**places)}} for t in TOUR)]
