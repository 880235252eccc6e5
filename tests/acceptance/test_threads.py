"""Replies under messages of Playcall become notes."""

from typing import Any

from sqlmodel import col, select

from bot.models import Account, AccountRole, MemberRole, Note, NoteSource
from tests.support.play import Play, shown
from tests.support.workspace import slack_id
from tests.support.world import use_playbook

REPLY = "1700000000.000200"


async def notes(play: Play) -> list[Note]:
    async with play.world.database.transaction() as session:
        return list((await session.exec(select(Note).order_by(col(Note.id)))).all())


async def reply(play: Play, message: dict[str, Any], user: str = "maya", **changes: Any) -> None:
    event = {
        "type": "message",
        "channel": message["channel"],
        "channel_type": "im",
        "thread_ts": message["ts"],
        "ts": REPLY,
        "text": "Spoke with Jane &amp; all is <https://acme.example|well>",
    }
    response = await play.ws.event(user, {**event, **changes})
    assert response.status_code == 200


async def two_accounts(play: Play) -> dict[str, Any]:
    """A message to maya with steps of acme and of globex."""
    async with play.world.database.transaction() as session:
        now = play.ws.clock.now()
        globex = Account(key="globex", name="Globex", created_at=now, updated_at=now)
        session.add(globex)
        await session.flush()
        for role, member in ((MemberRole.CSM, play.world.maya), (MemberRole.LEADER, play.world.dana)):
            session.add(AccountRole(account_id=globex.id, role=role, member_id=member.member_id))
    use_playbook(play.ws.services.library, {"key": "send-welcome"})
    for account in ("acme", "globex"):
        await play.ws.command("maya", "/playbook", f"start test-play {account}")
    await play.work()
    return play.last("maya")


async def test_a_reply_is_kept_as_a_note_of_the_step_and_its_account(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await reply(play, message)
    [note] = await notes(play)
    assert (note.account_id, note.source, note.body) == (
        play.world.account_id,
        NoteSource.THREAD,
        "Spoke with Jane & all is well",
    )
    assert note.step_id is not None
    assert (await play.world.account()).last_contact_at == play.ws.clock.now()
    assert play.whispered() == "Noted for Acme."


async def test_a_redelivered_reply_is_kept_once(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await reply(play, message)
    await reply(play, message)
    assert len(await notes(play)) == 1


async def test_replies_that_come_out_of_order_and_again_are_each_kept_once(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    for number in (3, 1, 3, 2, 1):
        await reply(play, message, ts=f"1700000000.00020{number}", text=f"reply {number}")
    assert sorted(note.body for note in await notes(play)) == ["reply 1", "reply 2", "reply 3"]


async def test_bots_edits_and_strangers_are_ignored(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await reply(play, message, bot_id="B0BOT")
    await reply(play, message, subtype="message_changed")
    await reply(play, message, user="mallory")
    assert not await notes(play)
    assert not play.ws.ephemeral


async def test_talk_outside_our_threads_is_ignored_without_asking_who_it_was(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await reply(play, message, thread_ts="1600000000.000100")
    asked = len(play.ws.slack.calls_of("users.info"))
    await reply(play, message, user="mallory", channel="C0GENERAL", channel_type="channel", thread_ts=None)
    assert len(play.ws.slack.calls_of("users.info")) == asked
    assert not await notes(play)


async def test_what_is_written_to_playcall_outside_a_thread_is_answered_with_how_to_talk_to_it(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    event = {"type": "message", "channel": message["channel"], "channel_type": "im", "ts": REPLY, "text": "hello?"}
    await play.ws.event("maya", event)
    assert "`/playbook today`" in play.whispered()
    assert not await notes(play)


async def test_a_reply_under_steps_of_one_account_is_a_note_of_the_account(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"}, {"key": "hold-kickoff"})
    await reply(play, message)
    [note] = await notes(play)
    assert (note.account_id, note.step_id) == (play.world.account_id, None)


async def test_a_reply_under_steps_of_several_accounts_asks_which(play: Play) -> None:
    message = await two_accounts(play)
    assert "2 accounts" in shown(message)
    await reply(play, message)
    assert not await notes(play)
    question = play.ws.ephemeral[-1]
    in_channel = play.ws.slack.state.conversation(question["channel"]).messages
    written = {"ts": REPLY, "thread_ts": message["ts"], "user": slack_id("maya")}
    in_channel.append(written | {"text": "Spoke with Jane &amp; all is well"})
    await play.ws.click("maya", {**question, "ts": "1.2"}, "thread_note_account", "Globex")
    [note] = await notes(play)
    assert note.body == "Spoke with Jane & all is well"
    assert note.account_id != play.world.account_id
    assert play.whispered() == "Noted for Globex."


async def test_a_reply_under_an_escalation_is_kept_without_an_echo(play: Play) -> None:
    await play.ws.command("maya", "/escalate", "acme")
    await play.ws.submit("maya", play.opened, {"target": "leader", "severity": "low", "ask": "Help"})
    await play.send()
    await reply(play, play.last("cs-escalations"), "dana", channel_type="channel")
    [note] = await notes(play)
    assert note.account_id == play.world.account_id
    assert (await play.world.account()).last_contact_at is None  # colleagues talked, nobody spoke with the customer
    assert not play.ws.ephemeral
