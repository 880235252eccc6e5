from datetime import timedelta

from sqlmodel import select

from bot.engine.evaluations import ask_for_evaluation
from bot.models import DueEvaluation
from tests.support.world import World


async def test_an_account_waits_once_for_the_rules_however_often_it_is_asked_for(world: World) -> None:
    later = world.now + timedelta(minutes=5)
    async with world.database.transaction() as session:
        await ask_for_evaluation(session, [world.account_id, world.account_id], world.now)
    async with world.database.long_transaction() as session:
        await ask_for_evaluation(session, iter([world.account_id]), later)
        await ask_for_evaluation(session, [], later)

    async with world.database.transaction() as session:
        rows = (await session.exec(select(DueEvaluation))).all()

    assert [(row.account_id, row.since) for row in rows] == [(world.account_id, later)]
