"""/account journey, the confirm modal, gates and bulk starts, through signed requests."""

from datetime import date

import pytest

from bot.models import Stage
from bot.schedule.bulk import start_bulk
from bot.slack.ids import ActionId
from tests.support.accounts import Book
from tests.support.journeys import make_journey, set_account, use_journeys, use_table
from tests.support.play import Payload, Play, buttons
from tests.support.reading import shown

EXCEPTION = {"reason": "The audit is in June", "until": "2026-04-03"}
OUTCOMES = [{"key": "live", "label": "Live", "stage": "adoption"}, {"key": "not", "label": "Not yet"}]


@pytest.fixture
async def play(play: Play) -> Play:
    """acme began on 15 January 2026 and goes live on 1 April; it is onboarding. Today is 2 March."""
    use_journeys(play.ws.services.library, make_journey())
    use_table(play.ws.services.library)
    await set_account(
        play.world, stage=Stage.ONBOARDING, contract_start=date(2026, 1, 15), go_live_date=date(2026, 4, 1)
    )
    return play


async def test_an_account_without_a_journey_is_told_how_to_get_one(play: Play) -> None:
    answer = shown(await play.ws.command("maya", "/account", "journey acme"))
    assert "Acme is on no journey" in answer
    assert "/account journey acme NAME" in answer


async def test_the_journey_shows_stages_milestones_gate_and_playbooks(play: Play) -> None:
    """Rows 1.1 and 4.34."""
    answer = shown(await play.ws.command("maya", "/account", "journey acme first"))
    assert "Acme is on First, counted from 15 Jan 2026." in answer
    assert "▶ *Onboarding*  _here now_" in answer
    assert "▷ *Adoption*" in answer
    assert "? Kick-off held  ·  probably by" in answer
    assert "○ Go-live  ·  Wed 1 Apr" in answer
    assert "⚠ watch for: Stuck" in answer
    assert "✗ They are live" in answer
    assert "✓ They pay us" in answer


async def test_who_joins_in_the_middle_confirms_in_a_modal_what_is_reached(play: Play) -> None:
    """Row 0.4: nothing is marked silently."""
    message = await play.ws.command("maya", "/account", "journey acme first")
    assert "Confirm what is reached (1)" in buttons(message)
    posted = {"channel": "C0GENERAL", "ts": "1.0", **message}
    await play.ws.click("maya", posted, ActionId.JOURNEY_CONFIRM)
    view = play.opened
    assert "Kick-off held (its day was 25 Jan 2026)" in shown(view)
    answer = await play.ws.submit("maya", view, {"met_milestones:0": ["Kick-off held (its day was 25 Jan 2026)"]})
    assert "Confirmed as reached: Kick-off held." in shown(answer["view"])
    assert "✓ Kick-off held" in shown(await play.ws.command("maya", "/account", "journey acme"))


async def test_the_form_refuses_a_stage_whose_gate_is_not_met_at_its_input(play: Play) -> None:
    """Row 4.34."""
    await play.ws.command("maya", "/account", "journey acme first")
    await play.ws.command("maya", "/account", "edit acme")
    answer = await play.ws.submit("maya", play.opened, {"stage": "adoption"})
    assert answer["response_action"] == "errors"
    assert "cannot leave Onboarding yet. Missing: They are live" in answer["errors"]["stage"]


async def waiting_move(play: Play) -> Payload:
    """The message to maya: acme could go on to adoption, but for its gate."""
    await play.ws.command("maya", "/account", "journey acme first")
    steps = await play.begin({"key": "check", "outcomes": OUTCOMES})
    await play.ws.click("maya", steps, ActionId.STEP_COMPLETE)
    await play.ws.submit("maya", play.opened, {"outcome": "live"})
    await play.send()
    return play.last("maya")


async def test_a_waiting_move_is_told_to_the_csm_with_a_button_that_moves_when_it_can(play: Play) -> None:
    """Row 4.34."""
    message = await waiting_move(play)
    assert "Acme is not ready for Adoption yet." in shown(message)
    assert "✗ They are live" in shown(message)
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert "cannot leave Onboarding yet" in play.whispered()
    await play.ws.command("maya", "/account", "milestone acme go-live reached")
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert (await play.world.account()).stage == Stage.ADOPTION


async def test_a_waiting_move_offers_to_ask_for_an_exception_which_a_leader_approves(play: Play) -> None:
    """Rows 4.27 and 4.34."""
    message = await waiting_move(play)
    assert buttons(message) == ["Move to Adoption", "Ask for an exception…", "Journey"]
    await play.ws.click("maya", message, ActionId.GATE_EXEMPT)
    assert "*Acme* may leave *Onboarding* without what its gate asks for. A leader decides." in shown(play.opened)
    await play.ws.submit("maya", play.opened, EXCEPTION)
    await play.send()
    question = play.last("dana")
    assert "Maya Lindt asks to exempt Acme from the gate of the stage Onboarding." in shown(question)
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert "cannot leave Onboarding yet" in play.whispered()
    await play.ws.click("dana", question, ActionId.EXEMPTION_APPROVE)
    await play.send()
    assert "It may go on to the next stage: /account edit acme" in play.last("maya")["text"]
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert (await play.world.account()).stage == Stage.ADOPTION


async def test_the_refusal_of_a_gate_names_the_command_that_asks_for_an_exception(play: Play) -> None:
    """Rows 4.27 and 4.34."""
    message = await waiting_move(play)
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert "ask for an exception with `/account exempt acme`" in play.whispered()
    await play.ws.command("dana", "/account", "exempt acme")
    answer = await play.ws.submit("dana", play.opened, EXCEPTION)
    assert "Acme is exempt from the gate of the stage Onboarding until 3 Apr 2026." in shown(answer["view"])
    assert "a leader allowed an exception" in shown(await play.ws.command("maya", "/account", "journey acme"))
    listed = shown(await play.ws.command("maya", "/playbook", "exemptions"))
    assert "*Acme*  the gate of the stage Onboarding  ·  until Fri 3 Apr" in listed
    ended = await play.ws.command("dana", "/account", "exempt acme end")
    assert ended["text"] == "Acme is no longer exempt from the gate of the stage Onboarding."
    await play.ws.click("maya", message, ActionId.STAGE_MOVE)
    assert "cannot leave Onboarding yet" in play.whispered()


async def test_the_journey_offers_to_ask_for_an_exception_while_its_gate_is_not_met(play: Play) -> None:
    """Row 4.34."""
    message = {"channel": "C0GENERAL", "ts": "1.0"} | await play.ws.command("maya", "/account", "journey acme first")
    await play.ws.click("maya", message, ActionId.GATE_EXEMPT)
    assert "may leave *Onboarding*" in shown(play.opened)
    await play.ws.command("maya", "/account", "milestone acme go-live reached")
    assert "Ask for an exception…" not in buttons(await play.ws.command("maya", "/account", "journey acme"))


@pytest.mark.parametrize(
    ("user", "text", "words"),
    [
        ("maya", "exempt", "`/account exempt ACCOUNT [end]`"),
        ("maya", "exempt acme now", "`/account exempt ACCOUNT [end]`"),
        ("maya", "exempt acme", "Nothing keeps Acme in Onboarding: there is no gate."),
        ("dana", "exempt acme end", "Acme has no exemption from that."),
    ],
)
async def test_where_no_gate_waits_there_is_nothing_to_ask_for(play: Play, user: str, text: str, words: str) -> None:
    assert words in (await play.ws.command(user, "/account", text))["text"]


async def test_who_has_nothing_to_do_with_the_account_cannot_ask_to_pass_its_gate(play: Play) -> None:
    await play.ws.command("maya", "/account", "journey acme first")
    assert "Only the account's team or a leader" in (await play.ws.command("eve", "/account", "exempt acme"))["text"]


async def test_the_card_says_which_row_of_the_table_applies_and_what_was_set_by_hand(play: Play) -> None:
    """Row 1.40."""
    use_table(play.ws.services.library, {"title": "Everybody", "segment": "enterprise", "touch": "high"})
    card = shown(await play.ws.command("maya", "/account", "show acme"))
    assert "Row “Everybody”  ·  segment enterprise, touch high  ·  here: segment smb" in card


async def test_an_edit_that_changes_the_tables_answer_says_so_in_its_answer(play: Play) -> None:
    """Rows 0.1 and 0.7."""
    use_table(play.ws.services.library, {"title": "Big", "when": "account.arr > 500000", "segment": "enterprise"})
    await play.ws.command("maya", "/account", "edit acme")
    answer = await play.ws.submit("maya", play.opened, {"arr": "600000"})
    assert "Served differently from now on: segment smb → enterprise" in shown(answer["view"])


async def test_a_leader_starts_a_playbook_on_a_segment_after_seeing_how_many(play: Play) -> None:
    """Row 4.12."""
    book = Book(play.world.database, play.world.now)
    for number in range(3):
        await book.account(f"small-{number}", {"csm": play.world.maya.member_id})  # type: ignore[dict-item]  # its value
    key = "usage-drop"
    assert "Only leaders" in shown(await play.ws.command("maya", "/playbook", f"start {key} all:smb"))
    question = await play.ws.command("dana", "/playbook", f"start {key} all:smb")
    assert "on 4 accounts in Smb?" in shown(question)
    posted = {"channel": "C0GENERAL", "ts": "1.0", **question}
    await play.ws.click("dana", posted, ActionId.BULK_START)
    assert await start_bulk(play.ws.services, play.ws.clock.now()) == 1
    await play.send()
    assert "started on 4 accounts." in shown(play.last("dana"))


async def test_a_segment_nobody_knows_is_named_with_the_nearest(play: Play) -> None:
    answer = shown(await play.ws.command("dana", "/playbook", "start usage-drop all:enterprize"))
    assert "'enterprize' is not a segment (did you mean enterprise?)" in answer
