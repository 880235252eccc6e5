"""A CSM works through steps in their direct messages."""

from datetime import timedelta

from tests.support.play import Play, buttons, shown

TWO = ({"key": "send-welcome"}, {"key": "hold-kickoff", "needs": ["send-welcome"], "due": "send-welcome + 2d"})


async def test_a_due_step_is_a_card_with_its_buttons(play: Play) -> None:
    message = await play.begin({"key": "send-welcome", "guidance": "Mention {{ account.name }} and their goal."})
    assert message["text"] == "Send welcome for Acme: due today (Mon 2 Mar)"
    words = shown(message)
    assert "*Send welcome*  ·  due today (Mon 2 Mar)" in words
    assert "Acme  ·  Test play, step 1 of 1" in words
    assert "Mention Acme and their goal." in words
    assert buttons(message) == ["Complete", "Add note", "Snooze", "Escalate"]


async def test_completing_redraws_the_message_to_one_line_with_undo(play: Play) -> None:
    message = await play.begin(*TWO)
    assert await play.ws.click("maya", message, "step_complete") == {}
    await play.send()
    after = play.again(message)
    assert "✓  Send welcome  ·  Acme  ·  Done by Maya Lindt" in shown(after)
    assert buttons(after) == ["Undo", "👍", "👎"]
    assert not play.ws.ephemeral


async def test_a_double_click_completes_once_and_says_who_did(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete")
    await play.ws.click("maya", message, "step_complete")
    assert play.whispered() == "Maya Lindt completed “Send welcome” just now."


async def test_somebody_elses_click_on_an_old_message_is_told_privately(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete")
    play.ws.clock.set(play.ws.clock.now() + timedelta(minutes=5))
    await play.ws.click("dana", message, "step_complete")
    assert play.whispered() == "Maya Lindt completed “Send welcome” 5 minutes ago."


async def test_undo_within_ten_minutes_brings_the_card_back(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete")
    await play.send()
    await play.ws.click("maya", play.again(message), "step_undo")
    await play.send()
    assert "Complete" in buttons(play.again(message))


async def test_undo_after_ten_minutes_is_refused_with_a_next_step(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete")
    await play.send()
    play.ws.clock.set(play.ws.clock.now() + timedelta(minutes=11))
    await play.ws.click("maya", play.again(message), "step_undo")
    assert "ten minutes only" in play.whispered()


async def test_a_stranger_to_the_account_may_not_complete_its_step(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("eve", message, "step_complete")
    assert "assignee, the account's CSM or a leader" in play.whispered()


async def test_several_due_steps_are_one_message(play: Play) -> None:
    message = await play.begin(*({"key": f"step-{number}"} for number in range(12)))
    assert message["text"] == "12 steps for you: Step 0, Step 1, Step 2 and others"
    assert buttons(message).count("Complete") == 8
    assert "and 4 more: open the Home tab" in shown(message)


async def test_the_next_steps_come_up_as_the_first_are_finished(play: Play) -> None:
    message = await play.begin(*({"key": f"step-{number}"} for number in range(12)))
    await play.ws.click("maya", message, "step_complete")
    await play.send()
    assert buttons(play.again(message)).count("Complete") == 8
    assert "and 3 more" in shown(play.again(message))


async def test_a_button_of_an_older_version_says_where_to_go(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete", '{"v":0,"step":1}')
    assert "older version" in play.whispered()


async def test_a_click_on_a_step_that_is_gone_is_a_sentence(play: Play) -> None:
    message = await play.begin(*TWO)
    await play.ws.click("maya", message, "step_complete", '{"v":1,"step":4711,"revision":1}')
    assert "not there any more" in play.whispered()
