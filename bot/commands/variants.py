"""`playcall playbooks show | diff`: a playbook as it is for an account, and where each line of it was written."""

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.environment import load_library, load_settings, open_database, run_async
from bot.errors import InvalidInput

if TYPE_CHECKING:
    from bot.library.comparing import Difference
    from bot.library.library import Library
    from bot.library.origins import Origins
    from bot.library.resolving import Resolved
    from bot.library.schema import Playbook, StepSpec
    from bot.reports.variants import Variant

Key = Annotated[str, typer.Argument(help="The playbook's key.")]
For = Annotated[str | None, typer.Option("--for", help="The account's key, name or domain.")]
FIELD, VALUE = 18, 70  # columns
INDENT = " " * 4


def add_to(group: typer.Typer) -> None:
    group.command("show")(show)
    group.command("diff")(diff)


def show(
    key: Key,
    account: For = None,
    sources: Annotated[bool, typer.Option("--sources", help="Where each field was written.")] = False,
) -> None:
    """Print a playbook; with --for, as the overlays shape it for that account."""
    from bot.library.origins import Origins

    library = load_library()
    playbook = library.playbook(key)
    (variant,) = _variants(library, playbook, [account]) if account else (None,)
    resolved = variant.resolved if variant else _untouched(playbook)
    origins = Origins(library.directory, library.catalog)
    typer.echo(f"{playbook.title} ({playbook.key})" + (f" for {variant.account}" if variant else ""))
    for line in [*_shaped_by(resolved, origins, asked=bool(variant)), *_steps(resolved, origins, sources=sources)]:
        typer.echo(line)


def diff(
    key: Key,
    account: For = None,
    against: Annotated[str | None, typer.Option(help="Another account to compare with.")] = None,
    base: Annotated[
        bool, typer.Option("--base", help="Compare with the playbook as it is written (the default).")
    ] = False,
) -> None:
    """Print what is different for an account, and which overlay says so."""
    from bot.library.comparing import compare
    from bot.library.origins import Origins

    if account is None:
        raise InvalidInput("Say for which account: `--for acme`.")
    if base and against:
        raise InvalidInput("Compare with `--base` or `--against` another account, not with both.")
    library = load_library()
    playbook = library.playbook(key)
    variants = _variants(library, playbook, [account, *([against] if against else [])])
    after = variants[0]
    before = variants[1].resolved if against else _untouched(playbook)
    other = variants[1].account if against else "the playbook as it is written"
    typer.echo(f"{playbook.title} ({playbook.key}) for {after.account}, against {other}:")
    origins = Origins(library.directory, library.catalog)
    differences = compare(before.playbook, after.resolved.playbook)
    for difference in differences:
        for line in _difference(difference, before, after.resolved, origins):
            typer.echo(line)
    if not differences:
        typer.echo("no difference.")


# --- show -------------------------------------------------------------------------------------------------------------


def _shaped_by(resolved: "Resolved", origins: "Origins", *, asked: bool) -> Iterator[str]:
    if resolved.applied:
        yield "shaped by " + ", ".join(f"{overlay.key} (priority {overlay.priority})" for overlay in resolved.applied)
    elif asked:
        yield "as it is written: no overlay shapes it for this account"
    for step, source in resolved.left_out.items():
        yield f"left out: {step}  {origins.of(source)}"
    for conflict in resolved.conflicts:
        yield f"overruled: {conflict}"
    for refusal in resolved.refused:
        yield f"not used: {refusal.overlay}, as {refusal.why}"


def _steps(resolved: "Resolved", origins: "Origins", *, sources: bool) -> Iterator[str]:
    playbook = resolved.playbook
    for name in ("summary", "success", "objective"):
        if text := getattr(playbook, name):
            yield from _field(name, text, origins.of(resolved.own_source(name)) if sources else "", "")
    for criterion in playbook.exit_criteria:
        origin = origins.of(resolved.own_source(f"exit_criteria.{criterion.key}")) if sources else ""
        yield from _field("exit criterion", criterion.label, origin, "")
    width = max(len(step.key) for step in playbook.steps)
    for number, step in enumerate(playbook.steps, 1):
        yield f"{number:>3}. {step.key.ljust(width)}  {_at_a_glance(step)}  {step.title}"
        if sources:
            yield from _fields(step, resolved, origins)


def _at_a_glance(step: "StepSpec") -> str:
    marks = [step.role.value, str(step.due), step.kind.value, step.mode.value if step.mode == "automatic" else ""]
    return ", ".join(mark for mark in [*marks, step.channel or "", "optional" if step.optional else ""] if mark)


def _fields(step: "StepSpec", resolved: "Resolved", origins: "Origins") -> Iterator[str]:
    from bot.library.comparing import fields_of

    for name, value in fields_of(step).items():
        if source := resolved.source(step.key, name):
            yield from _field(name, value, origins.of(source), INDENT)


def _field(name: str, value: str, origin: str, indent: str) -> Iterator[str]:
    line = " ".join(value.split())
    short = line if len(line) <= VALUE or not origin else line[: VALUE - 1] + "…"
    yield f"{indent}{name.ljust(FIELD)}  {short.ljust(VALUE) if origin else short}  {origin}".rstrip()


# --- diff -------------------------------------------------------------------------------------------------------------


def _difference(difference: "Difference", before: "Resolved", after: "Resolved", origins: "Origins") -> Iterator[str]:
    from bot.library.comparing import Change, shaper

    origin = origins.of(shaper(difference, after) or shaper(difference, before))
    match difference.change:
        case Change.ADDED:
            yield f"+ {difference.step}  “{difference.after}”  {origin}"
        case Change.LEFT_OUT:
            yield f"- {difference.step}  “{difference.before}”  {origin}"
        case Change.CHANGED:
            name = f"{difference.step} {difference.field}".strip()
            both = difference.before + difference.after
            if max(len(difference.before), len(difference.after)) <= VALUE and "\n" not in both:
                yield f"~ {name}: {difference.before or 'nothing'} -> {difference.after or 'nothing'}  {origin}"
            else:
                yield f"~ {name}:  {origin}"
                yield from _lines(difference.before, difference.after)


def _lines(before: str, after: str) -> Iterator[str]:
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        if line[0] in "+-" and line[2:].strip():
            yield f"{INDENT}{line}"


# --- loading ----------------------------------------------------------------------------------------------------------


def _untouched(playbook: "Playbook") -> "Resolved":
    from bot.library.resolving import Resolved

    return Resolved(playbook, playbook)


def _variants(library: "Library", playbook: "Playbook", accounts: list[str]) -> list["Variant"]:
    async def run() -> list["Variant"]:
        from bot.clock import SystemClock
        from bot.reports.finding import find_account, require_found
        from bot.reports.variants import load_variant

        async with open_database(load_settings()) as database, database.long_transaction() as session:
            found = [require_found(await find_account(await session.connection(), name)) for name in accounts]
            now = SystemClock().now()
            return [await load_variant(session, library, playbook, each.account_id, now) for each in found]

    return run_async(run())
