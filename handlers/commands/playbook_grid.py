"""/playbook grid [team] and /playbook coverage."""

from bot.errors import InvalidInput
from bot.reports.leading.coverage import find_coverage
from bot.reports.leading.grid import load_grid, load_team_grid
from bot.slack.leading.coverage import build_coverage
from bot.slack.leading.grid import build_grid
from handlers.call import CommandCall
from handlers.commands.leading import parse_asked, require_leader

PLAYBOOKS = "A number: so many run on accounts in that stage. A dot: the playbook belongs there, none is running."
TEAMS = "How many steps the playbooks of a stage give to a team; after a slash, how many are open now."


async def show_grid(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    team = text.strip().lower()
    if team not in {"", "team"}:
        raise InvalidInput("`/playbook grid` shows stages and playbooks, `/playbook grid team` stages and teams.")
    load, explanation = (load_team_grid, TEAMS) if team else (load_grid, PLAYBOOKS)
    async with call.services.database.reading() as connection:
        table = await load(connection, call.services.library)
    message = build_grid(table, explanation)
    await call.say(message.text, message.blocks)


async def show_coverage(call: CommandCall, text: str) -> None:
    require_leader(call.actor)
    message = build_coverage(find_coverage(call.services.library), parse_asked(text, days=90).page)
    await call.say(message.text, message.blocks)
