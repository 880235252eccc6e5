"""What is odd about rules that can be used: `playcall rules lint`, and with the playbooks `playcall playbooks lint`."""

from collections.abc import Iterator

from bot.library.conditions import constant
from bot.library.lint_rules import Level, Remark
from bot.library.rule_files import RuleBook
from bot.library.rules import Rule
from bot.library.watched_conditions import AT_START, MEASURES


def rule_remarks(book: RuleBook) -> Iterator[tuple[str, Remark]]:
    """By the rules' keys; locations count from the rule."""
    for key, rule in book.rules.items():
        for remark in (*_unused_measures(rule), *_constant(rule), *_never_ends(rule, book)):
            yield key, remark


def _unused_measures(rule: Rule) -> Iterator[Remark]:
    asked = rule.asked(MEASURES) | rule.asked(AT_START)
    for name in rule.measures:
        if name not in asked:
            message = f"no condition asks for `measures.{name}`; use it, or take it out"
            yield Remark(Level.WARNING, ("measures", name), message)


def _constant(rule: Rule) -> Iterator[Remark]:
    always = constant(rule.condition.expression)
    if always is not None:
        what = "every account" if always else "no account"
        yield Remark(Level.WARNING, ("when",), f"it holds for {what}, whatever the data say")


def _never_ends(rule: Rule, book: RuleBook) -> Iterator[Remark]:
    """A rule that ends runs for a reason that no rule begins them for is no mistake, but worth a look."""
    ends = rule.then.exit
    if ends and not any(other.then.starts_or_recommends == ends for other in book.rules.values()):
        message = f"no rule starts {ends!r}: it only ends runs that people start"
        yield Remark(Level.ADVICE, ("then", "exit"), message)
