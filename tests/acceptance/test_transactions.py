"""No transaction is open across a network call: all that acceptance tests and made-up lives do is watched for it."""

import pytest

from bot.clock import FixedClock
from bot.db import Database
from tests.support.open_workspace import open_workspace
from tests.support.slack_double import SlackDouble


@pytest.mark.parametrize("opened", ["transaction", "long_transaction"])
async def test_a_call_to_slack_within_a_transaction_is_noticed(
    opened: str, sqlite: Database, slack: SlackDouble, clock: FixedClock
) -> None:
    with pytest.raises(AssertionError, match=r"with a transaction open(.|\n)*auth\.test"):
        async with open_workspace(sqlite, slack, clock) as ws, getattr(ws.services.database, opened)():
            await ws.client.auth_test()
