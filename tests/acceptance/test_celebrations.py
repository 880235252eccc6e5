"""A milestone that is reached reaches its CSM, with something to do about it."""

from datetime import timedelta
from typing import Any

from sqlmodel import select

from bot.engine.milestones import plan_milestone, reach_milestone
from bot.models import MilestoneKind, Note
from tests.support.play import Play, buttons, shown


async def celebrate(play: Play, **said: Any) -> dict[str, Any]:
    async with play.world.database.transaction() as session:
        library, account_id, now = play.ws.services.library, play.world.account_id, play.ws.clock.now()
        await reach_milestone(session, library, account_id, "hundred-users", play.world.leo, now, **said)
    await play.work()
    return play.last("maya")


async def test_a_reached_milestone_is_celebrated_with_whom_to_thank(play: Play) -> None:
    """Rows 1.9 and 1.10."""
    message = await celebrate(play, title="A hundred users", evidence="103 <active> on Monday")
    words = shown(message)
    assert message["text"] == "Acme reached A hundred users"
    assert "Thank Jane Doe" in words
    assert "103 &lt;active&gt; on Monday" in words
    assert buttons(message) == ["Add note", "Ask for a referral"]


async def test_a_risk_that_comes_true_is_told_in_another_tone(play: Play) -> None:
    """Row 3.14: the kind of a milestone sets the tone of its message."""
    async with play.world.database.transaction() as session:
        library, account_id, now = play.ws.services.library, play.world.account_id, play.ws.clock.now()
        target, title = (now + timedelta(days=9)).date(), "Sponsor has left"
        await plan_milestone(
            session,
            account_id,
            "sponsor-left",
            play.world.leo,
            now,
            target=target,
            title=title,
            kind=MilestoneKind.RISK,
        )
        await reach_milestone(session, library, account_id, "sponsor-left", play.world.leo, now)
    await play.work()
    message = play.last("maya")
    assert message["text"] == "Acme: Sponsor has left"
    assert "A risk has come true" in shown(message)
    assert "🎉" not in shown(message)
    assert buttons(message) == ["Add note"]


async def test_a_reply_under_a_celebration_is_kept_as_a_note(play: Play) -> None:
    message = await celebrate(play, title="A hundred users")
    reply = {"type": "message", "channel": message["channel"], "channel_type": "im", "thread_ts": message["ts"]}
    await play.ws.event("maya", reply | {"ts": "1700000000.000300", "text": "Jane wants to tell her board"})
    async with play.world.database.transaction() as session:
        note = (await session.exec(select(Note))).one()
    assert (note.account_id, note.body) == (play.world.account_id, "Jane wants to tell her board")


async def test_what_made_it_work_is_kept_as_a_note(play: Play) -> None:
    message = await celebrate(play, title="A hundred users")
    await play.ws.click("maya", message, "milestone_note")
    assert await play.ws.submit("maya", play.opened, {"note": "Jane trained every team herself"}) == {}
    async with play.world.database.transaction() as session:
        note = (await session.exec(select(Note))).one()
    assert (note.account_id, note.body) == (play.world.account_id, "Jane trained every team herself")
