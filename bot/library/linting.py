"""What is wrong with the files of a library, and what could be better: `playcall playbooks lint`.

An error keeps a playbook from being used. A warning is something that will not do what its author means, or that
leaders would miss. Advice is for whoever has the time.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.library.documents import Problem, spelled
from bot.library.lint_of_rules import rule_remarks
from bot.library.lint_order import order_remarks
from bot.library.lint_rules import Level, playbook_remarks
from bot.library.loading import Catalog
from bot.library.overlay_loading import Overlays
from bot.library.rendering import EmailTemplates
from bot.library.rule_files import RuleBook
from bot.models import Stage


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about a file. `file` is its path below the playbooks directory, or that of an email; lines from 1."""

    level: Level
    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line} {self.level}"
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


def lint(
    catalog: Catalog,
    overlays: Overlays,
    emails: EmailTemplates,
    today: date,
    stages: Collection[str] = tuple(Stage),
    rules: RuleBook | None = None,
) -> list[Finding]:
    """Everything there is to say, file by file. `stages` are the names of the stages that there are.

    What keeps a rule from being used is among the catalog's problems already.
    """
    findings = [
        *(_of_problem(problem, Level.ERROR) for problem in catalog.problems),
        *(_of_problem(remark, Level.ADVICE) for remark in overlays.remarks),
        *_of_playbooks(catalog, emails, today, stages, rules or RuleBook()),
        *_of_unused_groups(catalog),
        *_of_unused_emails(catalog, overlays, emails),
        *(_of_rules(rules) if rules else ()),
    ]
    return sorted(dict.fromkeys(findings), key=lambda finding: (finding.file, finding.line, finding.path))


def summary_of(catalog: Catalog, overlays: Overlays, findings: Iterable[Finding]) -> str:
    count = Counter(finding.level for finding in findings)
    usable = len(catalog.playbooks)
    said = [
        _counted(count[Level.ERROR], "error", "errors"),
        _counted(count[Level.WARNING], "warning", "warnings"),
        _counted(count[Level.ADVICE], "piece of advice", "pieces of advice"),
    ]
    mistakes = ", ".join(said) if count else "no mistakes"
    shaping = f" and {_counted(len(overlays.usable), 'overlay', 'overlays')}" if overlays.usable else ""
    return f"{_counted(usable, 'playbook', 'playbooks')}{shaping} can be used; {mistakes}."


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _of_problem(problem: Problem, level: Level) -> Finding:
    included = f" (included by {problem.included_by})" if problem.included_by else ""
    return Finding(level, problem.file, problem.line, problem.path, f"{problem.message}{included}")


def _of_playbooks(
    catalog: Catalog, emails: EmailTemplates, today: date, stages: Collection[str], rules: RuleBook
) -> Iterator[Finding]:
    for key, playbook in catalog.playbooks.items():
        for remark in (*playbook_remarks(playbook, emails, today, stages), *order_remarks(playbook)):
            if remark.location == ("triggers",) and rules.leading_to(key):
                continue  # a rule starts it, or says when to
            place = catalog.layouts[key].problem(remark.location, remark.message)
            yield Finding(remark.level, place.file, place.line, place.path, place.message)


def _of_rules(book: RuleBook) -> Iterator[Finding]:
    for key, remark in rule_remarks(book):
        source = book.source(key, remark.location)
        yield Finding(remark.level, source.file, source.line, f"{key}.{spelled(remark.location)}", remark.message)


def _of_unused_groups(catalog: Catalog) -> Iterator[Finding]:
    for key in sorted(catalog.groups.documents.keys() - catalog.groups.used):
        message = f"nobody includes this group; write `- include: {key}` in a playbook, or delete the file"
        yield Finding(Level.ADVICE, f"groups/{key}.yaml", 1, "", message)


def _of_unused_emails(catalog: Catalog, overlays: Overlays, emails: EmailTemplates) -> Iterator[Finding]:
    if catalog.problems:
        return  # a playbook that cannot be read may be the one that uses it
    authored = (*catalog.playbooks.values(), *overlays.usable)
    used = {template for each in authored for template in _templates_in(each.model_dump(mode="json"))}
    for name in emails.names():
        if name not in used:
            file = emails.name_of(emails.variants(name)[0])
            yield Finding(Level.ADVICE, file, 1, "", "no step sends this email; name it in one, or delete the file")


def _templates_in(value: Any) -> Iterator[str]:
    """Every email named anywhere in what an author wrote."""
    if isinstance(value, dict):
        if isinstance(email := value.get("email"), dict) and email.get("template"):
            yield email["template"]
        for item in value.values():
            yield from _templates_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _templates_in(item)
