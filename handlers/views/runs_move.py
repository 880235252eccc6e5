from bot.engine.governance.moving import move_runs
from bot.slack.blocks import section, sections
from bot.slack.payloads import MoveForm, unpack
from bot.slack.text import plain
from handlers.call import ViewCall

SHOWN = 40


async def handle_runs_move_form(call: ViewCall) -> None:
    """Move the runs, and say what became of each in place of the question."""
    form = unpack(MoveForm, call.metadata)
    library = call.services.library
    async with call.changing() as session:
        changes = await move_runs(
            session, library, form.playbook, form.version, call.actor, call.now, account_id=form.account
        )
    noun = "run" if len(changes) == 1 else "runs"
    left_out = [f"and {len(changes) - SHOWN} more"] if len(changes) > SHOWN else []
    lines = [*(plain(change.sentence) for change in changes[:SHOWN]), *left_out]
    text = f"Moved {len(changes)} {noun}."
    await call.say(text, [section(text), *sections(lines)])
