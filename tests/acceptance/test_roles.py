"""Roles in Slack: whom a step names, pulled-in colleagues, hand-overs, rounds, and the view by team."""

from typing import Any

from sqlmodel import select

from bot.models import Note, Step, StepStatus
from tests.support.play import Play, buttons, shown
from tests.support.world import use_playbook


async def step_named(play: Play, key: str) -> Step:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Step).where(Step.key == key))).one()


async def test_a_card_names_people_system_channel_and_value(play: Play) -> None:
    """Rows 1.47, 3.15: guidance stays first; whom to ask is mentioned, the system is linked."""
    message = await play.begin(
        {
            "key": "first",
            "guidance": "Read the contract.",
            "consulted": ["ae", "product"],
            "accountable": "leader",
            "informed": ["ae"],
            "channel": "video",
            "value": "They start sooner",
            "system": {"name": "Salesforce", "url": "https://crm.example/acme"},
        }
    )
    words = shown(message)
    assert words.index("Read the contract.") < words.index("by video call")
    assert "in <https://crm.example/acme|Salesforce>" in words
    assert "Value: They start sooner" in words
    assert "Ask <@U0LEO> (AE), somebody for product (nobody is set) first" in words
    assert "<@U0DANA> (leader) answers for it" in words
    assert "<@U0LEO> (AE) will hear that it is done" in words


async def test_playbook_show_tells_who_has_to_do_with_a_step(play: Play) -> None:
    """Rows 1.47, 3.11, 3.15, 4.8."""
    use_playbook(
        play.ws.services.library,
        {"key": "first", "consulted": ["product"], "accountable": "leader", "system": {"name": "Salesforce"}},
        exit_criteria=[{"key": "live", "label": "It is live"}],
        owners={"guardian": "dana@ours.example"},
    )
    words = shown(await play.ws.command("maya", "/playbook", "show test-play"))
    assert "ask product first; leader answers for it; in Salesforce" in words
    assert "It is live" in words
    assert "Owners: outcome CSM, guardian dana@ours.example" in words


async def test_pulled_in_colleagues_get_the_context_and_answer_in_the_thread(play: Play) -> None:
    """Rows 3.2, 4.36."""
    message = await play.begin({"key": "first"})
    await play.ws.click("maya", message, "step_menu", "Blocked…")
    values = {
        "reason": "The export fails",
        "category": "product",
        "helpers": [str(play.world.leo.member_id)],
        "another_helper": str(play.world.eve.member_id),
    }
    assert await play.ws.submit("maya", play.opened, values) == {}
    await play.work()
    asked = play.last("leo")
    words = shown(asked)
    assert "<@U0MAYA> asks for your help with *First*" in words
    assert "The export fails" in words
    assert "CSM Maya Lindt" in words
    assert "Unblock" not in buttons(asked)  # leo is neither the assignee nor the CSM nor a leader
    assert "asks for your help" in shown(play.last("eve"))
    reply = {"type": "message", "channel": asked["channel"], "ts": "1772445600.000900", "thread_ts": asked["ts"]}
    await play.ws.event("leo", reply | {"text": "Fixed in the next release."})
    async with play.world.database.transaction() as session:
        note = (await session.exec(select(Note))).one()
    assert (note.body, note.step_id) == ("Fixed in the next release.", (await step_named(play, "first")).id)
    await play.ws.click("maya", play.again(message), "step_unblock")
    await play.work()
    assert "goes on" in shown(play.again(asked))


async def test_a_leader_who_is_pulled_in_may_unblock(play: Play) -> None:
    """Row 4.36."""
    message = await play.begin({"key": "first"})
    await play.ws.click("maya", message, "step_menu", "Blocked…")
    values = {"reason": "Who pays?", "category": "decision", "helpers": [str(play.world.dana.member_id)]}
    await play.ws.submit("maya", play.opened, values)
    await play.work()
    await play.ws.click("dana", play.last("dana"), "step_unblock")
    assert (await step_named(play, "first")).status is StepStatus.OPEN


async def test_a_blocker_needs_a_kind(play: Play) -> None:
    message = await play.begin({"key": "first"})
    await play.ws.click("maya", message, "step_menu", "Blocked…")
    answer = await play.ws.submit("maya", play.opened, {"reason": "Who pays?"})
    assert "category" in answer["errors"]


async def test_a_round_is_skipped_in_slack_with_a_reason(play: Play) -> None:
    """Row 1.19."""
    trigger = {"on": "recurring", "every": "month", "day": "15d"}
    use_playbook(play.ws.services.library, {"key": "first"}, title="Check-in", triggers=[trigger])
    await play.ws.command("maya", "/playbook", "skip test-play acme")
    answer = await play.ws.submit("maya", play.opened, {"reason": "They are on holiday"})
    assert "The round of March 2026 of Check-in is skipped on Acme" in shown(answer["view"])
    assert "The next one starts on 15 Apr 2026." in shown(answer["view"])


async def test_what_does_not_recur_cannot_be_skipped(play: Play) -> None:
    use_playbook(play.ws.services.library, {"key": "first"})
    answer = await play.ws.command("maya", "/playbook", "skip test-play acme")
    assert "does not recur" in answer["text"]
    assert "/playbook skip" in (await play.ws.command("maya", "/playbook", "skip"))["text"]


async def test_a_role_sees_its_steps_on_all_accounts(play: Play) -> None:
    """Row 1.45."""
    use_playbook(play.ws.services.library, {"key": "hold-training", "role": "specialist"})
    await play.ws.command("maya", "/playbook", "start test-play acme")
    words = shown(await play.ws.command("sam", "/playbook", "team"))
    assert "Open steps for specialist" in words
    assert "Hold training" in words
    assert "Acme (Test play)" in words
    assert "Hold training" in shown(await play.ws.command("dana", "/playbook", "team specialist"))
    assert "Only members of specialist" in (await play.ws.command("leo", "/playbook", "team specialist"))["text"]
    assert "Did you mean `product`" in (await play.ws.command("dana", "/playbook", "team produkt"))["text"]


CRITERIA: list[dict[str, Any]] = [
    {"key": "live", "label": "It is live", "when": "account.stage == 'adoption'"},
    {"key": "used", "label": "Three people use it"},
]


async def test_exit_criteria_are_asked_with_what_is_on_file(play: Play) -> None:
    """Rows 3.11, 4.8."""
    message = await play.begin({"key": "first"}, exit_criteria=CRITERIA)
    await play.ws.click("maya", message, "step_complete")
    async with play.world.database.transaction() as session:
        step = (await session.exec(select(Step).where(Step.key == "confirm-outcome"))).one()
    assert step.status is StepStatus.OPEN
    play.ws.clock.set(play.ws.clock.now().replace(day=5))
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    assert "By what is on file: Yes." in shown(play.opened)
    assert await play.ws.submit("maya", play.opened, {"answers.used": "No"}) == {}
    assert "Not met: Three people use it" in " ".join(await play.world.timeline())


async def test_a_step_that_was_sent_back_says_why_and_keeps_what_was_answered(play: Play) -> None:
    """Row 4.33: the sales hand-over, filled in by the AE, sent back by the CSM."""
    form = {"key": "fill-in", "role": "ae", "questions": [{"key": "goal", "label": "What do they want?"}]}
    outcomes = [
        {"key": "accepted", "label": "Accepted"},
        {"key": "sent-back", "label": "Sent back", "reopen": ["fill-in"]},
    ]
    use_playbook(play.ws.services.library, form, {"key": "accept", "needs": ["fill-in"], "outcomes": outcomes})
    await play.ws.command("maya", "/playbook", "start test-play acme")
    play.ws.clock.set(play.ws.clock.now().replace(hour=15))
    await play.work()
    await play.ws.click("leo", play.last("leo"), "step_complete")
    await play.ws.submit("leo", play.opened, {"answers.goal": "Growth"})
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    await play.ws.submit("maya", play.opened, {"outcome": "sent-back", "reason": "Who decides there?"})
    await play.work()
    back = play.last("leo")
    assert "Maya Lindt sent it back: Who decides there?" in shown(back)
    await play.ws.click("leo", back, "step_complete")
    assert "Answered before: Growth." in shown(play.opened)


async def test_the_account_form_sets_the_new_roles(play: Play) -> None:
    """Rows 1.45, 4.35, 4.38: who owns the renewal and who watches value are set like all other roles."""
    await play.ws.command("maya", "/account", "edit acme")
    values = {"renewal_owner_id": str(play.world.leo.member_id), "guardian_id": str(play.world.dana.member_id)}
    await play.ws.submit("maya", play.opened, values)
    words = shown(await play.ws.command("maya", "/account", "show acme"))
    assert "Leo Park  ·  AE, renewal owner" in words
    assert "Dana Reyes  ·  guardian, leader" in words
