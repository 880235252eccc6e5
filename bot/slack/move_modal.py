"""The form that moves open runs to the version in use: what would change for each, then one click."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.slack.blocks import Block, context, modal, section, sections
from bot.slack.dates import day_words
from bot.slack.ids import CallbackId
from bot.slack.payloads import MoveForm
from bot.slack.text import label

SHOWN_RUNS = 12
SHOWN_CHANGES = 8


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One step: `before` and `after` are dates; None where there is none."""

    title: str
    before: date | None
    after: date | None


@dataclass(frozen=True)
class RunPreview:
    """What moving one run would change."""

    account: str
    contact: str | None
    added: tuple[MoveLine, ...]
    dropped: tuple[str, ...]
    moved: tuple[MoveLine, ...]
    kept: int


def build_move_modal(
    form: MoveForm, title: str, runs: Sequence[RunPreview], total: int, most: int, today: date
) -> Block:
    """`runs` are the first of `total`, of which `most` are moved at once."""
    noun = "1 run" if total == 1 else f"{total} runs"
    at_once = f" The first {most} now, then the next." if total > most else ""
    blocks = [section(f"*{label(title)}*: move {noun} to the version in use.{at_once}")]
    for run in runs[:SHOWN_RUNS]:
        blocks += sections([f"*{_name(run)}*", *_changes(run, today)])
    if total > len(runs[:SHOWN_RUNS]):
        blocks.append(context(f"and {total - len(runs[:SHOWN_RUNS])} more accounts, in the same way"))
    blocks.append(context("Finished steps stay finished. It is written into each account's timeline."))
    return modal("Move runs", blocks, callback_id=CallbackId.RUNS_MOVE, submit="Move", metadata=form.pack())


def _name(run: RunPreview) -> str:
    return f"{label(run.account)} ({label(run.contact, 60)})" if run.contact else label(run.account)


def _changes(run: RunPreview, today: date) -> list[str]:
    lines = [f"➕  {label(step.title, 150)}  ·  {_day(step.after, today)}" for step in run.added]
    lines += [f"➖  {label(title, 150)}  ·  called off" for title in run.dropped]
    lines += [
        f"🕓  {label(step.title, 150)}  ·  {_day(step.before, today)} → {_day(step.after, today)}" for step in run.moved
    ]
    if run.kept:
        lines.insert(0, f"✓  {run.kept} done {'step stays' if run.kept == 1 else 'steps stay'} finished")
    if not (run.added or run.dropped or run.moved):
        lines.append("Only words change.")
    left_out = [f"and {len(lines) - SHOWN_CHANGES} more"] if len(lines) > SHOWN_CHANGES else []
    return [*lines[:SHOWN_CHANGES], *left_out]


def _day(day: date | None, today: date) -> str:
    return day_words(day, today) if day else "no date yet"
