"""Clicks and forms that somebody wrote by hand. What a button carries says what it is about, never who may do it."""

from collections.abc import Iterator
from contextlib import closing
from unittest.mock import AsyncMock

import pytest
from sqlmodel import select

from bot.models import Account
from bot.reports.step_forms import load_known_answers, load_step
from handlers.actions import account_chart
from handlers.table import ACTIONS, VIEWS
from tests.support.forging import Copy, Forgery, Things, forgeries, make_everything
from tests.support.play import Play

EVERY_MEMBER = {  # what colleagues may do on each other's accounts: add words of their own, under their own name
    "click step_helped",
    "click step_did_not_help",
    "form step_feedback",
    "form step_note",
    "form account_note",
    "form milestone_note",
    "form log_to_account",
    "form account_add",
}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing one takes longer than all the rest."""
    monkeypatch.setattr(account_chart, "send_charts", AsyncMock())


@pytest.fixture
async def things(play: Play) -> Things:
    return await make_everything(play)


@pytest.fixture
async def written(play: Play, things: Things) -> list[Forgery]:
    """All that can be clicked and submitted, with what was shown last where that counts."""
    library = play.ws.services.library
    async with play.world.database.transaction() as session:
        check = await load_step(session, library, things.steps["check"].id)
        known = await load_known_answers(session, library, check, play.world.maya, play.world.now)
        updated_at = (await session.exec(select(Account.updated_at))).one()
    return forgeries(things, known.fingerprint, updated_at, play.world.leo.member_id)


@pytest.fixture
def copy(play: Play, written: list[Forgery]) -> Iterator[Copy]:  # noqa: ARG001  # it is made when all is there
    with closing(Copy(play.ws.services.database)) as made:
        yield made


async def test_nobody_changes_anothers_account_with_a_forged_click_or_form(
    play: Play, written: list[Forgery], copy: Copy
) -> None:
    """eve is a CSM with no role on acme; mallory is in the workspace and no member of the customer team."""
    assert {one.name for one in written} == {f"click {name}" for name in ACTIONS} | {f"form {name}" for name in VIEWS}
    for forgery in written:
        await forgery.send(play, "mallory")
    assert not copy.changed()
    changed = set()
    for forgery in written:
        await forgery.send(play, "eve")
        if copy.changed():
            changed.add(forgery.name)
    assert changed == EVERY_MEMBER


async def test_each_of_these_changes_something_for_who_may(play: Play, written: list[Forgery], copy: Copy) -> None:
    """What is refused above is refused because of who sent it, and not because it is badly forged."""
    refused = []
    for forgery in written:
        if not forgery.reads:
            said = await forgery.send(play, forgery.may)
            if not copy.changed():
                refused.append((forgery.name, said, play.ws.ephemeral[-1:]))
    assert refused == []
