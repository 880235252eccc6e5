"""Email steps: a draft to read and mend, then a mail for each contact."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.models import Contact, DeliveryKind, Step, StepStatus
from bot.slack.ids import CallbackId
from tests.support.play import Play, buttons, shown

WELCOME = """Subject: Welcome, {{ contact.first_name }}

Hello {{ contact.first_name }},

glad to have {{ account.name }} with us.

{{ sender.first_name }}
"""
HOLED = "Subject: Your goal\n\nYou bought us for {{ account.outcome }}.\n"


@pytest.fixture(autouse=True)
def templates(play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "email" / "test"
    folder.mkdir(parents=True)
    (folder / "welcome.j2").write_text(WELCOME)
    (folder / "holed.j2").write_text(HOLED)
    play.ws.services.settings.templates_dir = tmp_path
    play.ws.services.settings.email_channel = "cs-emails"


def email_step(template: str = "test/welcome", **email: Any) -> dict[str, Any]:
    return {"key": "send-welcome", "kind": "email", "email": {"template": template, "to": ["champion"], **email}}


async def review(play: Play, step: dict[str, Any]) -> dict[str, Any]:
    message = await play.begin(step)
    await play.ws.click("maya", message, "step_review_email")
    return play.opened


async def step_status(play: Play) -> StepStatus:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Step))).one().status


async def add_contact(play: Play, name: str, **values: Any) -> None:
    email = f"{name.split()[0].lower()}@acme.example"
    async with play.world.database.transaction() as session:
        session.add(
            Contact(account_id=play.world.account_id, name=name, email=email, created_at=play.ws.clock.now(), **values)
        )


async def test_an_email_step_offers_the_draft_instead_of_complete(play: Play) -> None:
    assert buttons(await play.begin(email_step()))[0] == "Review email"


async def test_the_draft_is_filled_in_and_names_who_gets_it(play: Play) -> None:
    form = await review(play, email_step())
    assert "*To* Jane Doe (jane@acme.example)" in shown(form)
    drafted = {b["block_id"]: b["element"].get("initial_value") for b in form["blocks"] if b["type"] == "input"}
    assert drafted["subject"] == "Welcome, Jane"
    assert drafted["body"] == "Hello Jane,\n\nglad to have Acme with us.\n\nMaya"


async def test_sending_queues_the_edited_mail_and_completes_the_step(play: Play) -> None:
    form = await review(play, email_step())
    assert await play.ws.submit("maya", form, {"body": "Hello Jane <3"}) == {}
    assert await step_status(play) is StepStatus.DONE
    await play.send()
    mail = play.last("cs-emails")
    assert "Mail to Jane Doe: Welcome, Jane" in mail["text"]
    assert "Hello Jane &lt;3" in shown(mail)
    assert "emailed Jane Doe: Welcome, Jane" in await play.world.timeline()


async def test_a_mail_that_was_sent_some_other_way_completes_the_step_only(play: Play) -> None:
    form = await review(play, email_step())
    assert await play.ws.submit("maya", form, {"sent_myself": ["sent_myself"]}) == {}
    assert await step_status(play) is StepStatus.DONE
    assert not await play.world.deliveries(kind=DeliveryKind.EMAIL)


async def test_a_draft_with_a_hole_is_marked_and_not_sent(play: Play) -> None:
    form = await review(play, email_step("test/holed"))
    assert "Not known: `account.outcome`" in shown(form).replace("\u200b", "")
    answer = await play.ws.submit("maya", form)
    assert "before you send this: account.outcome" in answer["errors"]["body"]
    assert await step_status(play) is StepStatus.OPEN


async def test_an_empty_mail_is_refused_at_its_input(play: Play) -> None:
    form = await review(play, email_step())
    assert "subject" in (await play.ws.submit("maya", form, {"subject": " "}))["errors"]
    assert "body" in (await play.ws.submit("maya", form, {"body": " "}))["errors"]


async def test_another_contact_can_be_chosen(play: Play) -> None:
    await add_contact(play, "Bob Ray", roles=["billing"])
    form = await review(play, email_step())
    await play.ws.submit("maya", form, {"to": "Bob Ray (bob@acme.example)"})
    await play.send()
    assert "Mail to Bob Ray" in play.last("cs-emails")["text"]


async def test_a_mail_to_everyone_is_one_mail_each_with_their_own_name(play: Play) -> None:
    await add_contact(play, "Bob Ray", roles=["champion"])
    await add_contact(play, "Eve No", roles=["champion"], may_email=False)
    form = await review(play, email_step(everyone=True))
    assert "*To 2 people, one mail each:* Jane Doe, Bob Ray" in shown(form)
    assert await play.ws.submit("maya", form, {"body": "Dear {{ contact.first_name }}, until soon"}) == {}
    await play.send()
    to_bob, to_jane = sorted(play.messages("cs-emails"), key=lambda mail: str(mail["text"]))
    assert ("Welcome, Jane" in to_jane["text"], "Welcome, Jane" in to_bob["text"]) == (True, False)
    assert "Dear Jane, until soon" in shown(to_jane)
    assert "Dear Bob, until soon" in shown(to_bob)


async def test_only_contacts_who_meet_the_condition_get_the_mail(play: Play) -> None:
    await add_contact(play, "Bob Ray", roles=["champion"], nps=3)
    await add_contact(play, "Ann Sun", roles=["champion"], nps=9)
    form = await review(play, email_step(everyone=True, where="contact.nps <= 6"))
    assert "*To* Bob Ray" in shown(form)
    assert "Ann Sun" not in shown(form)


async def test_nobody_to_write_to_is_said_with_what_to_do(play: Play) -> None:
    form = await review(play, email_step(to=["signatory"]))
    assert "Acme has nobody this mail could go to" in shown(form)
    answer = await play.ws.submit("maya", form)
    assert "nobody to write to" in shown(answer["view"])
    assert "glad to have Acme with us" in shown(answer["view"])


async def test_a_mail_sent_twice_goes_out_once(play: Play) -> None:
    form = await review(play, email_step())
    await play.ws.submit("maya", form)
    answer = await play.ws.submit("maya", form)
    assert "completed “Send welcome” (just now)" in shown(answer["view"])
    assert len(await play.world.deliveries(kind=DeliveryKind.EMAIL)) == 1


async def test_a_stale_review_button_says_who_sent_it(play: Play) -> None:
    message = await play.begin(email_step())
    await play.ws.click("maya", message, "step_review_email")
    await play.ws.submit("maya", play.opened)
    opened = len(play.ws.opened_views)
    await play.ws.click("maya", message, "step_review_email")
    assert len(play.ws.opened_views) == opened
    assert "not open any more" in play.whispered()
    assert play.opened["callback_id"] == CallbackId.STEP_EMAIL
