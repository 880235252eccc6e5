"""/account outreach, /playbook outreach, and what a card and a draft say of other contacts with the account."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.play import Play, buttons, shown


@pytest.fixture(autouse=True)
def templates(play: Play, tmp_path: Path) -> None:
    folder = tmp_path / "email" / "test"
    folder.mkdir(parents=True)
    (folder / "hello.j2").write_text("Subject: Hello\n\nHello {{ contact.first_name }}.\n")
    play.ws.services.settings.templates_dir = tmp_path


def email_step(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "email", "email": {"template": "test/hello", "to": ["champion"]}, **more}


async def test_one_view_shows_what_is_about_to_reach_a_customer_and_what_clashes(play: Play) -> None:
    """The collision guard: who writes when, to whom, from which playbook; duplicates are offered to be skipped."""
    await play.begin(email_step("first"), key="one", title="Renewal")
    await play.begin(email_step("second", due="1d"), {"key": "inside"}, key="two", title="Check-in")
    answer = await play.ws.command("maya", "/account", "outreach acme")
    text = shown(answer).replace("\u200b", "")
    assert "Mon 2 Mar  ·  *First*  ·  Renewal  ·  Maya Lindt  ·  to Jane Doe" in text
    assert "The same person gets “First” (Renewal, Mon 2 Mar) about the same thing" in text
    assert "Inside" not in text
    assert buttons(answer) == ["Skip…"]
    mine = await play.ws.command("maya", "/playbook", "outreach")
    assert "*Second*  ·  Acme  ·  Check-in" in shown(mine).replace("\u200b", "")
    assert "Nothing in the next 30 days." in shown(await play.ws.command("sam", "/playbook", "outreach"))
    await play.ws.click("maya", {"channel": "C0GENERAL", "ts": "1.0"} | answer, "step_menu")
    assert "Second" in shown(play.opened)


async def test_a_card_and_a_draft_say_that_the_customer_has_just_heard_from_us(play: Play) -> None:
    """A minimum gap between contacts holds; a person is warned and never stopped."""
    meeting = await play.begin({"key": "meet", "kind": "meeting"}, key="qbr", title="QBR")
    await play.ws.click("maya", meeting, "step_complete")
    card = await play.begin(email_step("write"), key="mail", title="Newsletter")
    warning = "⚠  Acme heard from us today (QBR: Meet); next free day Wed 4 Mar."
    assert warning in shown(card)
    await play.ws.click("maya", card, "step_review_email")
    assert warning in shown(play.opened)
    play.ws.services.settings.email_channel = "cs-emails"
    assert await play.ws.submit("maya", play.opened) == {}
    await play.send()
    assert "Mail to Jane Doe: Hello" in play.last("cs-emails")["text"]


async def test_an_expansion_step_says_why_it_waits(play: Play) -> None:
    card = await play.begin({"key": "pitch", "kind": "meeting"}, key="more", title="Seats", category="expansion")
    await play.begin({"key": "save"}, key="drop", title="Usage drop", category="at-risk")
    answer = await play.ws.command("maya", "/account", "outreach acme")
    assert "It waits while “Usage drop” is under way, and comes back by itself." in shown(answer).replace("\u200b", "")
    assert "waits while" not in shown(card)
