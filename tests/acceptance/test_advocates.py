"""/account advocates and what asks favours, through signed requests (rows 1.11, 1.12, 1.37)."""

from typing import Any

from sqlmodel import col, select

from bot.engine.milestones import reach_milestone
from bot.models import AdvocacyAsk, AdvocateStatus, AskKind, AskStatus, Contact
from bot.slack.ids import ActionId
from bot.slack.limits import violations
from tests.support.play import Play, buttons
from tests.support.reading import shown

PLACE = {"channel": "C0GENERAL", "ts": "1.1"}  # where a private answer stands
OUTCOMES = [
    {"key": "agreed", "label": "Agreed", "ask": "accepted"},
    {"key": "later", "label": "Did not ask"},
]


async def advocates(play: Play, user: str = "maya", rest: str = "") -> dict[str, Any]:
    answer = await play.ws.command(user, "/account", f"advocates acme {rest}".strip())
    assert not violations(answer), violations(answer)
    return answer | PLACE


async def ask(play: Play, user: str = "maya", **values: Any) -> dict[str, Any]:
    await play.ws.click(user, await advocates(play, user), ActionId.ADVOCACY_ASK)
    return await play.ws.submit(user, play.opened, {"kind": "review"} | values)


async def asks(play: Play) -> list[AdvocacyAsk]:
    async with play.world.database.transaction() as session:
        return list((await session.exec(select(AdvocacyAsk).order_by(col(AdvocacyAsk.id)))).all())


async def jane(play: Play) -> Contact:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Contact).where(Contact.name == "Jane Doe"))).one()


async def test_advocates_are_shown_with_what_they_were_asked(play: Play) -> None:
    """Row 1.12."""
    assert "*Jane Doe*  ·  champion  ·  never asked" in shown(await advocates(play))
    answer = await ask(play)
    assert "Jane Doe was asked for a review." in shown(answer["view"])
    page = await advocates(play)
    assert "Review: no answer yet  ·  asked Mon 2 Mar  ·  Maya Lindt" in shown(page)
    assert buttons(page) == ["Ask", "Review: said yes", "Said no", "Delivered"]


async def test_a_yes_is_one_tap_and_draws_the_page_anew(play: Play) -> None:
    """Row 1.11: the outcome of an ask is logged."""
    await ask(play)
    await play.ws.click("maya", await advocates(play), ActionId.ADVOCACY_YES)
    page = play.ws.ephemeral[-1]
    assert page["replace_original"]
    assert "⭐ advocate" in shown(page)
    assert "Said yes to: review" in shown(page)
    assert buttons(page) == ["Ask", "Said no", "Delivered"]


async def test_a_no_is_asked_about_and_closes_the_ask(play: Play) -> None:
    await ask(play)
    await play.ws.click("maya", await advocates(play), ActionId.ADVOCACY_NO)
    answer = await play.ws.submit("maya", play.opened, {"note": "Their legal team forbids it"})
    assert "Noted: Jane Doe said no to a review." in shown(answer["view"])
    assert [(one.status, one.outcome) for one in await asks(play)] == [
        (AskStatus.DECLINED, "Their legal team forbids it")
    ]
    page = shown(await advocates(play))
    assert "Jane Doe said no on 2 Mar. It is possible again from Sun 31 May 2026." in page


async def test_what_was_delivered_is_kept_with_a_note(play: Play) -> None:
    await ask(play, kind="case_study")
    await play.ws.click("maya", await advocates(play), ActionId.ADVOCACY_DELIVERED)
    await play.ws.submit("maya", play.opened, {"note": "Online since Monday"})
    assert [(one.kind, one.status) for one in await asks(play)] == [(AskKind.CASE_STUDY, AskStatus.DELIVERED)]
    assert (await jane(play)).advocate is AdvocateStatus.ADVOCATE


async def test_the_limit_refuses_in_the_modal_and_a_leader_may_say_why(play: Play) -> None:
    """Row 1.37."""
    await ask(play)
    await ask(play, kind="social")
    refused = await ask(play, kind="media")
    assert "asked 2 times in the last 180 days. It is possible again from" in refused["errors"]["kind"]
    assert "A leader can ask all the same, with `/account advocates acme`" in refused["errors"]["kind"]
    assert "override" not in {block.get("block_id") for block in play.opened["blocks"]}
    await ask(play, "dana", kind="media", override="She offered it herself")
    assert [one.kind for one in await asks(play)] == [AskKind.REVIEW, AskKind.SOCIAL, AskKind.MEDIA]


async def test_only_the_team_asks(play: Play) -> None:
    assert "Only the account's team" in shown((await ask(play, "eve"))["view"])
    assert await asks(play) == []


async def test_a_celebration_asks_for_a_referral_with_one_tap(play: Play) -> None:
    """Row 1.11."""
    async with play.world.database.transaction() as session:
        library, account_id, now = play.ws.services.library, play.world.account_id, play.ws.clock.now()
        await reach_milestone(session, library, account_id, "hundred-users", play.world.leo, now)
    await play.work()
    message = play.last("maya")
    assert buttons(message) == ["Add note", "Ask for a referral"]
    for _ in range(2):
        await play.ws.click("maya", message, ActionId.ADVOCACY_REFERRAL)
        answer = play.ws.ephemeral[-1]
        assert "Jane Doe was asked for a referral" in shown(answer)
        assert buttons(answer) == ["Referral: said yes", "Said no", "Delivered"]
    assert len(await asks(play)) == 1
    await play.ws.click("maya", answer | PLACE, ActionId.ADVOCACY_YES)
    assert "Jane Doe said yes to a referral." in shown(play.ws.ephemeral[-1])
    assert [one.status for one in await asks(play)] == [AskStatus.ACCEPTED]


async def test_a_step_that_asks_is_refused_by_the_limit_at_its_outcome(play: Play) -> None:
    await ask(play)
    await ask(play, kind="social")
    step = {"key": "ask-them", "ask": {"kind": "referral"}, "outcomes": OUTCOMES}
    await play.begin(step)
    await play.ws.click("maya", play.last("maya"), ActionId.STEP_COMPLETE)
    answer = await play.ws.submit("maya", play.opened, {"outcome": "agreed"})
    assert "It is possible again from" in answer["errors"]["outcome"]
    assert await play.ws.submit("maya", play.opened, {"outcome": "later"}) == {}
    assert len(await asks(play)) == 2


async def test_a_contact_is_made_a_candidate_with_the_command(play: Play) -> None:
    """Row 1.12."""
    said = await play.ws.command("maya", "/account", "contact acme Jane Doe jane@acme.example nps 9 advocate candidate")
    assert "advocate candidate" in shown(said)
    assert (await jane(play)).advocate is AdvocateStatus.CANDIDATE
    assert "NPS 9  ·  advocate candidate" in shown(await play.ws.command("maya", "/account", "show acme"))
    await play.ws.command("maya", "/account", "contact acme Jane Doe jane@acme.example champion advocate")
    assert (await jane(play)).advocate is AdvocateStatus.ADVOCATE


async def test_many_contacts_come_a_page_at_a_time(play: Play) -> None:
    async with play.world.database.transaction() as session:
        for number in range(30):
            contact = Contact(
                account_id=play.world.account_id,
                name=f"Contact {number:02} " + "&" * 180,
                email=f"c{number}@acme.example",
                title="T" * 200,
                nps=number % 11,
                advocacy=[kind.value for kind in AskKind],
                created_at=play.ws.clock.now(),
            )
            session.add(contact)
            await session.flush()
            session.add_all(
                AdvocacyAsk(
                    account_id=play.world.account_id,
                    contact_id=contact.id,
                    kind=kind,
                    asked_by_id=play.world.maya.member_id,
                    asked_at=play.ws.clock.now(),
                )
                for kind in AskKind
            )
    assert "`/account advocates acme 2`" in shown(await advocates(play))
    assert "Page 4 of 4" in shown(await advocates(play, rest="4"))
