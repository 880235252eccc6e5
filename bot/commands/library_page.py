"""Writes docs/library.md: every shipped playbook, what starts it, its steps and whose they are.

python -m bot.commands.library_page
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.library.library import Library
from bot.library.rule_files import RuleBook
from bot.library.schema import Category, Mode, Playbook, StepSpec
from bot.settings import ROOT
from bot.slack.playbook_list import CATEGORIES
from bot.slack.playbook_views import due_rule, start_words
from bot.slack.step_card import role_words

HEAD = """# The shipped library

<!-- written by `python -m bot.commands.library_page`; change the playbooks, not this page -->

What comes with Playcall, from the files in `playbooks/`. Those of the starter pack can be used, and start by
themselves, from the first day; the others wait until a leader turns them on with `/playbook on KEY`, so that you can
begin small and add one at a time.
"""


def library_page(playbooks: Iterable[Playbook], rules: RuleBook) -> str:
    """The page in Markdown. `playbooks` come in the order in which they are listed within their category."""
    listed = list(playbooks)
    parts = [HEAD]
    for category in Category:
        if found := [playbook for playbook in listed if playbook.category is category]:
            parts += [
                f"## {CATEGORIES[category]}",
                _overview(found, rules),
                *(_details(playbook) for playbook in found),
            ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _overview(playbooks: list[Playbook], rules: RuleBook) -> str:
    head = ["| playbook | starts | pack | steps | our time | who |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(_row(playbook, rules) for playbook in playbooks)])


def _row(playbook: Playbook, rules: RuleBook) -> str:
    cells = [
        f"[`{playbook.key}`](#{playbook.key})",
        _starts(playbook, rules),
        "opt-in" if playbook.opt_in else "starter",
        str(len(playbook.steps)),
        _time(playbook.steps),
        ", ".join(dict.fromkeys(role_words(step.role) for step in playbook.steps)),
    ]
    return f"| {' | '.join(cells)} |"


def _starts(playbook: Playbook, rules: RuleBook) -> str:
    return ", or ".join(start_words(playbook, rules.leading_to(playbook.key))) or "by hand"


def _time(steps: Iterable[StepSpec]) -> str:
    """What a run takes if every step of it applies; the half hour is close enough."""
    minutes = sum(step.minutes or 0 for step in steps)
    return f"{max(round(minutes / 30), 1) / 2:g} h" if minutes else ""


def _details(playbook: Playbook) -> str:
    head = [f'<a id="{playbook.key}"></a>', "", f"### {playbook.title}", ""]
    about = [" ".join(playbook.summary.split()), "", f"*It worked when:* {' '.join(playbook.success.split())}", ""]
    steps = [_step(number, step, playbook) for number, step in enumerate(playbook.steps, 1)]
    return "\n".join([*head, *about, *steps])


def _step(number: int, step: StepSpec, playbook: Playbook) -> str:
    return f"{number}. {step.title} ({', '.join(_facts(step, playbook))})"


def _facts(step: StepSpec, playbook: Playbook) -> Iterator[str]:
    yield role_words(step.role)
    yield due_rule(step.due, playbook)
    if step.minutes:
        yield f"{step.minutes} minutes"
    if step.mode is Mode.AUTOMATIC:
        yield "by itself"
    if step.optional:
        yield "optional"


def main(root: Path = ROOT) -> None:
    library = Library(root / "playbooks", root / "templates")
    page = library_page(library.load().playbooks.values(), library.rule_book)
    (root / "docs" / "library.md").write_text(page, "utf-8")


if __name__ == "__main__":
    main()
