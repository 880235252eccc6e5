"""`/playbook guardrails`, through signed requests. Row 4.5."""

from datetime import timedelta

from pytest_mock import MockerFixture

from bot.library.guardrails import Guardrails
from bot.models import Account
from bot.slack.limits import violations
from tests.support.play import Play, shown


async def test_everybody_sees_the_table_and_leaders_for_how_many_accounts_it_holds(play: Play) -> None:
    """Row 4.5: threshold, action, and on how many accounts it holds today."""
    async with play.world.database.transaction() as session:
        account = await session.get_one(Account, play.world.account_id)
        account.last_contact_at = play.ws.clock.now() - timedelta(days=50)
    answer = await play.ws.command("dana", "/playbook", "guardrails")
    assert violations(answer) == []
    words = shown(answer)
    assert "*No contact for 45 days*  →  tell the CSM  ·  again after 30 days  ·  holds for *1* account today" in words
    assert 'when touch is "high" and days since contact at least 45' in words
    assert "*Renewal near, health low*  →  escalate to the leader (high)" in words
    assert "holds for no account today" in words
    asked_by_maya = shown(await play.ws.command("maya", "/playbook", "guardrails"))
    assert "*No contact for 45 days*  →  tell the CSM" in asked_by_maya
    assert "account today" not in asked_by_maya


async def test_a_row_that_can_do_nothing_says_why(play: Play) -> None:
    row = {"key": "a", "title": "Low", "when": "account.health < 30", "then": {"start": "gone"}}
    play.ws.services.library.guardrails = Guardrails.model_validate({"guardrails": [row]})
    words = shown(await play.ws.command("maya", "/playbook", "guardrails"))
    assert "*Low*  →  start gone" in words
    assert "⚠ It does nothing now: There is no playbook `gone`." in words


async def test_without_rows_it_says_where_they_are_written(play: Play) -> None:
    play.ws.services.library.guardrails = Guardrails()
    words = shown(await play.ws.command("dana", "/playbook", "guardrails"))
    assert "there is no playbooks/guardrails.yaml" in words


async def test_in_a_large_book_the_answer_does_not_wait_for_the_counts(play: Play, mocker: MockerFixture) -> None:
    mocker.patch("bot.reports.guardrails.COUNTED_LIVE", 0)
    words = shown(await play.ws.command("dana", "/playbook", "guardrails"))
    assert "Your book is too large to count here" in words
    assert "account today" not in words
