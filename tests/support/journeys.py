"""Journeys and a segment table written for a test."""

from typing import Any

from bot.library.journeys import Journey
from bot.library.library import Library
from bot.library.segments import Segments
from bot.models import Account
from tests.support.world import World


def make_journey(key: str = "first", **changes: Any) -> Journey:
    """A year with a gate in front of adoption; a milestone that comes each year; a risk."""
    base: dict[str, Any] = {
        "key": key,
        "title": key.capitalize(),
        "summary": "For a test.",
        "stages": [
            {
                "stage": "onboarding",
                "goal": "They are live.",
                "gate": [
                    {"key": "live", "label": "They are live", "milestone": "go-live"},
                    {"key": "paid", "label": "They pay us", "when": "account.arr > 0"},
                ],
                "milestones": [
                    {"key": "kick-off", "title": "Kick-off held", "target": "10d", "success": "All were there."},
                    {
                        "key": "go-live",
                        "title": "Go-live",
                        "target": "go_live_date",
                        "success": "Real work runs in it.",
                        "met_when": "account.days_until_go_live_date < 0",
                    },
                    {"key": "stuck", "title": "Stuck", "kind": "risk", "target": "60d", "success": "Nobody works."},
                ],
            },
            {
                "stage": "adoption",
                "goal": "They gain something.",
                "milestones": [
                    {"key": "review", "title": "Review held", "target": "go-live + 30d", "success": "Sponsor came."},
                    {
                        "key": "renewed",
                        "title": "Renewed",
                        "target": "renewal_date",
                        "success": "Signed.",
                        "yearly": True,
                    },
                ],
            },
        ],
    }
    return Journey.model_validate(base | changes)


def use_journeys(library: Library, *journeys: Journey) -> None:
    library.journeys = {journey.key: journey for journey in journeys}


def use_table(library: Library, *rows: dict[str, Any]) -> None:
    library.segments = Segments.model_validate({"table": list(rows)})


async def set_account(world: World, **columns: Any) -> None:
    """Set columns of acme as they are to be before the test."""
    async with world.database.transaction() as session:
        account = await session.get_one(Account, world.account_id)
        for name, value in columns.items():
            setattr(account, name, value)
