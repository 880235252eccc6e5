"""The modals of a step: what they ask, what they refuse, and that nothing written into them is lost."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from bot.models import Note, NoteSource, Step, StepStatus
from tests.support.play import Play, buttons, shown

CALL = {
    "key": "hold-call",
    "questions": [
        {"key": "renews_on", "label": "When do they renew?", "type": "date", "prefill": "account.renewal_date"},
        {"key": "seats", "label": "How many seats?", "type": "number", "saves_to": "attributes.seats"},
        {"key": "happy", "label": "Are they happy?", "type": "yes_no", "required": False},
        {"key": "plan", "label": "Which plan?", "type": "choice", "options": ["Basic", "Pro"], "required": False},
    ],
    "outcomes": [
        {"key": "agreed", "label": "They agreed"},
        {"key": "lost", "label": "They decline", "needs_reason": True, "then": "cancel_run"},
    ],
    "artefact": {"label": "Link to the recording"},
}
ANSWERS = {"outcome": "agreed", "answers.seats": "12,500", "artefact": "https://ours.example/recording"}


async def step_named(play: Play, key: str) -> Step:
    async with play.world.database.transaction() as session:
        return (await session.exec(select(Step).where(Step.key == key))).one()


async def choose(play: Play, message: dict[str, Any], item: str, user: str = "maya") -> dict[str, Any]:
    """Choose an item of the step's menu, and return the modal it opens."""
    await play.ws.click(user, message, "step_menu", item)
    return play.opened


async def test_a_step_that_asks_something_opens_a_form_with_what_is_known(play: Play) -> None:
    message = await play.begin(CALL)
    await play.ws.click("maya", message, "step_complete")
    words = shown(play.opened)
    assert "On file for the account (renewal): 2026-09-01." in words
    assert [b["block_id"] for b in play.opened["blocks"] if b["type"] == "input"] == [
        "outcome",
        "answers.renews_on",
        "answers.seats",
        "answers.happy",
        "answers.plan",
        "artefact",
        "reason",
    ]


async def test_the_answers_are_kept_in_their_types(play: Play) -> None:
    """Row 3.13: a step keeps the artefact it requires."""
    message = await play.begin(CALL)
    await play.ws.click("maya", message, "step_complete")
    assert await play.ws.submit("maya", play.opened, {**ANSWERS, "answers.happy": "Yes", "answers.plan": "Pro"}) == {}
    step = await step_named(play, "hold-call")
    assert step.answers == {"renews_on": "2026-09-01", "seats": 12500, "happy": True, "plan": "Pro"}
    assert step.outcome == "agreed"
    assert (await play.world.account()).attributes == {"seats": 12500}
    await play.send()
    assert "*They agreed*" in shown(play.again(message))


@pytest.mark.parametrize(
    ("mistake", "block_id", "words"),
    [
        ({"answers.seats": "many"}, "answers.seats", "not a number"),
        ({"artefact": "see the drive"}, "artefact", "not a link"),
        ({"outcome": "lost"}, "reason", "Say why"),
    ],
)
async def test_a_mistake_in_a_form_is_said_at_its_input(
    play: Play, mistake: dict[str, str], block_id: str, words: str
) -> None:
    await play.ws.click("maya", await play.begin(CALL), "step_complete")
    answer = await play.ws.submit("maya", play.opened, {**ANSWERS, **mistake})
    assert answer["response_action"] == "errors"
    assert words in answer["errors"][block_id]


async def test_a_form_submitted_after_the_step_changed_says_what_happened_and_gives_the_text_back(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    form = await choose(play, message, "Skip…")
    play.ws.clock.set(play.ws.clock.now() + timedelta(minutes=3))
    await play.ws.click("dana", message, "step_complete")
    answer = await play.ws.submit("maya", form, {"reason": "They asked for <b>silence</b>"})
    assert answer["response_action"] == "update"
    words = shown(answer["view"])
    assert "has changed since you opened this" in words
    assert "Dana Reyes completed “Send welcome” (just now)." in words
    assert "They asked for <b>silence</b>" in words
    assert (await step_named(play, "send-welcome")).status is StepStatus.DONE


async def test_a_form_submitted_twice_says_that_it_is_done(play: Play) -> None:
    await play.ws.click("maya", await play.begin(CALL), "step_complete")
    form = play.opened
    await play.ws.submit("maya", form, ANSWERS)
    answer = await play.ws.submit("maya", form, ANSWERS)
    assert "Maya Lindt completed “Hold call” (They agreed) (just now)." in shown(answer["view"])


async def test_a_finished_step_opens_no_form_but_says_who_finished_it(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("maya", message, "step_complete")
    opened = len(play.ws.opened_views)
    await play.ws.click("maya", message, "step_snooze")
    assert len(play.ws.opened_views) == opened
    assert play.whispered() == "“Send welcome” is not open any more. Maya Lindt completed “Send welcome” (just now)."


async def test_a_note_goes_to_the_account_and_is_counted_on_the_card(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("leo", message, "step_note")
    assert await play.ws.submit("leo", play.opened, {"note": "Called <!channel>, they are fine."}) == {}
    async with play.world.database.transaction() as session:
        note = (await session.exec(select(Note))).one()
    assert (note.body, note.source, note.author_id) == (
        "Called <!channel>, they are fine.",
        NoteSource.MODAL,
        play.world.leo.member_id,
    )
    await play.send()
    assert "1 note" in shown(play.again(message))


async def test_an_empty_note_is_refused_at_its_input(play: Play) -> None:
    await play.ws.click("maya", await play.begin({"key": "send-welcome"}), "step_note")
    assert "note" in (await play.ws.submit("maya", play.opened, {"note": "  "}))["errors"]


@pytest.mark.parametrize(
    ("values", "until"),
    [
        ({"quick_date": "2026-03-03"}, "Tue 3 Mar"),
        ({"quick_date": "2026-03-03", "until": "2026-03-12"}, "Thu 12 Mar"),
        ({"until": "2026-03-05"}, "Thu 5 Mar"),
    ],
)
async def test_a_snoozed_step_says_until_when(play: Play, values: dict[str, str], until: str) -> None:
    message = await play.begin({"key": "send-welcome"})
    await play.ws.click("maya", message, "step_snooze")
    assert await play.ws.submit("maya", play.opened, values) == {}
    await play.send()
    assert f"Snoozed until {until}." in shown(play.again(message))


@pytest.mark.parametrize(
    ("values", "block_id"), [({}, "quick_date"), ({"until": "2026-03-01"}, "until"), ({"until": "2026-03-02"}, "until")]
)
async def test_no_day_and_a_day_that_is_past_are_refused_at_the_input(
    play: Play, values: dict[str, str], block_id: str
) -> None:
    await play.ws.click("maya", await play.begin({"key": "send-welcome"}), "step_snooze")
    assert block_id in (await play.ws.submit("maya", play.opened, values))["errors"]


@pytest.mark.parametrize(
    ("item", "ending"),
    [("Skip…", "Skipped by Maya Lindt"), ("Not applicable…", "Not applicable by Maya Lindt")],
)
async def test_a_step_left_out_shows_the_reason(play: Play, item: str, ending: str) -> None:
    message = await play.begin({"key": "send-welcome"}, {"key": "hold-kickoff"})
    assert await play.ws.submit("maya", await choose(play, message, item), {"reason": "They know us well"}) == {}
    await play.send()
    assert ending in shown(play.again(message))
    assert "They know us well" in shown(play.again(message))


async def test_a_blocked_step_shows_why_and_can_be_unblocked(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    said = {"reason": "Waiting for *security*", "category": "waiting_for_customer"}
    await play.ws.submit("maya", await choose(play, message, "Blocked…"), said)
    await play.send()
    blocked = play.again(message)
    assert "*Blocked:* Waiting for *security*" in shown(blocked)
    assert buttons(blocked)[0] == "Unblock"
    await play.ws.click("maya", blocked, "step_unblock")
    await play.send()
    assert buttons(play.again(message))[0] == "Complete"


async def test_a_reassigned_step_says_whose_it_is_and_reaches_them(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    form = await choose(play, message, "Reassign…")
    assert await play.ws.submit("maya", form, {"member_id": "Sam Okoye (specialist)"}) == {}
    await play.work()
    assert "now with Sam Okoye" in shown(play.again(message))
    assert not buttons(play.again(message))
    assert "Send welcome for Acme" in play.last("sam")["text"]


async def test_details_hold_the_whole_guidance_and_the_notes(play: Play) -> None:
    """Row 3.16: the people at the customer that a step names by role."""
    guidance = "Say hello. " * 20 + "\nAnd the very last word."
    message = await play.begin(
        {
            "key": "hold-kickoff",
            "kind": "meeting",
            "guidance": guidance,
            "attendees": ["champion", "signatory"],
            "assets": [{"title": "Agenda", "url": "https://ours.example/agenda"}],
        }
    )
    assert "the very last word" not in shown(message)
    assert "With Jane Doe" in shown(message)
    assert "nobody on file as signatory" in shown(message)
    assert "<https://ours.example/agenda|Agenda>" in shown(message)
    await play.ws.click("maya", message, "step_note")
    await play.ws.submit("maya", play.opened, {"note": "Booked for Friday"})
    words = shown(await choose(play, message, "Details"))
    assert "the very last word" in words
    assert "Jane Doe (jane@acme.example)" in words
    assert "Booked for Friday" in words


async def test_a_step_whose_role_nobody_has_says_why_it_is_here(play: Play) -> None:
    message = await play.begin({"key": "send-invoice", "role": "finance"})
    assert "You get this because Acme has no finance colleague." in shown(message)


async def test_revenue_is_not_shown_in_a_form_to_who_may_not_see_it(play: Play) -> None:
    asks = {"key": "arr", "label": "New ARR", "type": "number", "prefill": "account.arr"}
    message = await play.begin({"key": "close-deal", "questions": [asks]})
    await play.ws.click("maya", message, "step_complete")
    assert "120000" in shown(play.opened)
    await play.ws.click("eve", message, "step_complete")
    assert "120000" not in str(play.opened)


async def test_notes_of_the_step_come_latest_first(play: Play) -> None:
    message = await play.begin({"key": "send-welcome"})
    for words in ("the first", "the second"):
        await play.ws.click("maya", message, "step_note")
        await play.ws.submit("maya", play.opened, {"note": words})
        play.ws.clock.set(play.ws.clock.now() + timedelta(minutes=1))
    shown_words = shown(await choose(play, message, "Details"))
    assert shown_words.index("the second") < shown_words.index("the first")
    async with play.world.database.transaction() as session:
        assert len((await session.exec(select(Note).order_by(col(Note.id)))).all()) == 2
