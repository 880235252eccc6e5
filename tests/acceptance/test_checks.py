"""Checks that arrive answered: confirmed in one click, or put right. Rows 2.9, 2.12, 2.22 and 2.26."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from bot.models import Signal, Step, StepStatus
from tests.support.play import Play, buttons, shown

TICKETS: dict[str, Any] = {
    "key": "check-tickets",
    "kind": "check",
    "system": {"name": "Help desk"},
    "questions": [
        {"key": "open_tickets", "label": "Open tickets", "type": "number", "measure": {"metric": "tickets_open"}},
        {"key": "renews", "label": "Renewal date", "type": "date", "prefill": "account.renewal_date"},
        {"key": "detail", "label": "The worst one", "required": False},
    ],
}


async def came_in(play: Play, kind: str, number: float, *, hours_ago: float = 2, label: str | None = None) -> None:
    async with play.world.database.transaction() as session:
        session.add(
            Signal(
                account_id=play.world.account_id,
                kind=kind,
                number=number,
                label=label,
                source="zendesk",
                external_id=f"{kind}-{number}-{hours_ago}-{label}",
                observed_at=play.ws.clock.now() - timedelta(hours=hours_ago),
                created_at=play.ws.clock.now(),
            )
        )


async def the_step(play: Play) -> Step:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Step).where(Step.key == TICKETS["key"]))).one()


async def said(play: Play) -> list[tuple[str, float | None, int | None]]:
    """The signals that people gave by answering."""
    async with play.world.database.transaction() as session:
        signals = (await session.exec(select(Signal).where(Signal.source == "slack"))).all()
        return [(signal.kind, signal.number, signal.author_id) for signal in signals]


async def test_a_check_arrives_answered_and_is_confirmed_in_one_click(play: Play) -> None:
    """Rows 2.12 and 2.22: open tickets from the help desk, contract terms from what is on file."""
    await came_in(play, "tickets_open", 4)
    message = await play.begin(TICKETS)
    assert "Open tickets: *4* (Zendesk, 2 hours ago)" in shown(message)
    assert "Renewal date: *2026-09-01* (on file, account last changed" in shown(message)
    assert buttons(message)[:2] == ["Confirm", "Wrong…"]
    await play.ws.click("maya", message, "step_confirm")
    step = await the_step(play)
    assert (step.status, step.answers) == (StepStatus.DONE, {"open_tickets": 4, "renews": "2026-09-01"})
    assert step.found["open_tickets"]["source"] == "zendesk"
    assert datetime.fromisoformat(step.found["open_tickets"]["as_of"]) < step.finished_at  # type: ignore[operator]
    assert await said(play) == []  # the data said so already
    await play.ws.click("maya", message, "step_confirm")
    assert "completed" in play.whispered()


async def test_what_changed_since_the_check_was_shown_is_not_confirmed_unseen(play: Play) -> None:
    await came_in(play, "tickets_open", 4)
    message = await play.begin(TICKETS)
    await came_in(play, "tickets_open", 9, hours_ago=0)
    await play.ws.click("maya", message, "step_confirm")
    assert (await the_step(play)).status is StepStatus.OPEN
    assert "This has changed since it was shown" in shown(play.opened)
    assert await play.ws.submit("maya", play.opened) == {}
    assert (await the_step(play)).answers["open_tickets"] == 9


async def test_a_wrong_number_is_corrected_kept_and_told_to_the_data_owner_once(play: Play) -> None:
    await came_in(play, "tickets_open", 4)
    message = await play.begin(TICKETS, owners={"data": "leader"})
    await play.ws.click("maya", message, "step_wrong")
    answers = {"answers.open_tickets": "2", "wrong": "Two were closed last week"}
    assert await play.ws.submit("maya", play.opened, answers) == {}
    assert await said(play) == [("tickets_open", 2, play.world.maya.member_id)]
    assert any("zendesk said 4, it is 2" in line for line in await play.world.timeline())
    play.ws.clock.set(play.ws.clock.now() + timedelta(hours=1))
    await play.send()
    told = [m for m in play.messages("dana") if "Two were closed last week" in shown(m)]
    assert len(told) == 1


async def test_undoing_a_check_takes_back_what_was_said_in_it(play: Play) -> None:
    message = await play.begin(TICKETS)
    await play.ws.click("maya", message, "step_wrong")
    await play.ws.submit("maya", play.opened, {"answers.open_tickets": "2", "wrong": "Counted by hand"})
    assert await said(play)
    await play.send()
    await play.ws.click("maya", play.again(message), "step_undo")
    assert await said(play) == []


async def test_a_check_says_what_is_missing_and_what_is_out_of_date(play: Play) -> None:
    """Row 4.47: nobody is asked to believe a number that is not there, or old."""
    await came_in(play, "seats_used", 30, hours_ago=24 * 20)
    seats = {"key": "seats", "label": "Seats in use", "type": "number", "measure": {"metric": "seats_used"}}
    message = await play.begin({**TICKETS, "questions": [*TICKETS["questions"], seats]})
    assert "Open tickets: nothing came in yet, look in Help desk" in shown(message)
    assert "Seats in use: *30* (Zendesk, on 10 Feb)  ⚠ _out of date_" in shown(message)
    assert buttons(message)[:2] == ["Confirm…", "Wrong…"]  # a number is still to be given
    await play.ws.click("maya", message, "step_confirm")
    assert "What is known is filled in" in shown(play.opened)
    assert await play.ws.submit("maya", play.opened, {"answers.open_tickets": "1"}) == {}
    assert await said(play) == [("tickets_open", 1, play.world.maya.member_id)]


async def test_an_answer_that_cannot_be_is_refused_at_its_input(play: Play) -> None:
    message = await play.begin(TICKETS)
    await play.ws.click("maya", message, "step_wrong")
    answer = await play.ws.submit("maya", play.opened, {"answers.open_tickets": "-3", "wrong": "Hm"})
    assert "cannot be below 0" in answer["errors"]["answers.open_tickets"]


async def test_each_feature_has_a_value_of_its_own(play: Play) -> None:
    """Row 2.9: sticky features, each as a share of the seats."""
    await came_in(play, "seats_bought", 120)
    for feature, users in (("dashboards", 48), ("mobile", 6)):
        await came_in(play, "feature_use", users, label=feature)
    questions = [
        {
            "key": feature,
            "label": f"{feature.title()} (% of seats)",
            "type": "number",
            "measure": {"metric": "feature_use", "label": feature},
            "percent_of": {"metric": "seats_bought", "over": 400},
        }
        for feature in ("dashboards", "mobile")
    ]
    message = await play.begin({**TICKETS, "questions": questions})
    await play.ws.click("maya", message, "step_confirm")
    assert (await the_step(play)).answers == {"dashboards": 40, "mobile": 5}


async def test_a_criterion_of_a_playbook_is_answered_by_a_measure(play: Play) -> None:
    """Row 2.26."""
    await came_in(play, "active_users", 90)
    criteria = [
        {
            "key": "in_use",
            "label": "Half of the seats are in use",
            "measures": {"users": {"metric": "active_users"}},
            "when": "measures.users * 2.0 >= 100.0",
        }
    ]
    message = await play.begin({"key": "one"}, exit_criteria=criteria)
    await play.ws.click("maya", message, "step_complete")
    play.ws.clock.set(play.ws.clock.now() + timedelta(days=3))
    await play.work()
    await play.ws.click("maya", play.last("maya"), "step_complete")
    assert "By what is on file: Yes." in shown(play.opened)
