"""A playbook as overlays shape it for an account: at a glance, and what is different."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from bot.library.comparing import Change, Difference, compare, shaper
from bot.library.resolving import Resolved
from bot.library.shaping import HIGH_TOUCH
from bot.slack.blocks import Message, context, section, sections
from bot.slack.playbook_views import AccountsOwn, build_playbook_reference
from bot.slack.text import label

STEPS_SHOWN = 40
LONG = 60  # characters; what is longer is said to be reworded
NAMES = 160


def build_variant(resolved: Resolved, account: str, account_key: str) -> Message:
    return build_playbook_reference(resolved.playbook, AccountsOwn(account_key, _shaped_words(resolved, account)))


def build_variant_diff(resolved: Resolved, account: str, account_key: str) -> Message:
    """What is different for the account, step by step, each with the overlay that says so."""
    playbook = resolved.playbook
    title = f"{label(playbook.title)}: what is different for {label(account)}"
    by_step = [list(of_step) for _, of_step in groupby(compare(resolved.base, playbook), key=lambda each: each.step)]
    if not by_step:
        return Message(title, [section(f"*{title}*\nNothing: it is the playbook as it is written.")])
    blocks = [
        section(f"*{title}*"),
        *sections(_step_line(of_step, resolved) for of_step in by_step[:STEPS_SHOWN]),
    ]
    if len(by_step) > STEPS_SHOWN:
        blocks.append(context(f"and {len(by_step) - STEPS_SHOWN} more: `playcall playbooks diff` shows all of them."))
    blocks += [context(text) for text in _overruled(resolved)]
    blocks.append(context(f"`/playbook show {playbook.key} {account_key}` for the whole of it"))
    return Message(title, blocks)


def _shaped_words(resolved: Resolved, account: str) -> str:
    if not resolved.applied:
        return f"For {label(account)} it is the playbook as it is written: no overlay shapes it."
    out = f"  ·  left out: {label(', '.join(resolved.left_out), NAMES)}" if resolved.left_out else ""
    names = ", ".join(label(overlay.title, 40) for overlay in resolved.applied)
    return f"For {label(account)}, shaped by {names}{out}  ·  `/playbook diff` says how"


def _step_line(differences: list[Difference], resolved: Resolved) -> str:
    first = differences[0]
    by = _shapers(differences, resolved)
    if first.change is Change.ADDED:
        return f"+  *{label(first.after, 150)}*  ·  added by {by}"
    if first.change is Change.LEFT_OUT:
        return f"–  ~{label(first.before, 150)}~  ·  left out by {by}"
    name = label(resolved.playbook.step(first.step).title, 100) if first.step else "The playbook itself"
    return f"✎  *{name}*  ·  {label('; '.join(_field_words(differences)), 300)}  ·  {by}"


def _field_words(differences: Iterable[Difference]) -> Iterator[str]:
    for each in differences:
        name = each.field.replace("_", " ").replace(".", " ")
        if max(len(each.before), len(each.after)) > LONG or "\n" in each.before + each.after:
            yield f"{name} reworded" if each.before else f"{name} written"
        elif each.field == "title":
            yield "new title"
        else:
            yield f"{name}: {each.before or 'nothing'} → {each.after or 'nothing'}"


def _shapers(differences: Iterable[Difference], resolved: Resolved) -> str:
    titles = {overlay.key: overlay.title for overlay in resolved.applied}
    sources = [source for each in differences if (source := shaper(each, resolved))]
    names = ["the rule for high touch" if s == HIGH_TOUCH else titles.get(s.document, s.document) for s in sources]
    return label(", ".join(dict.fromkeys(names)), 100)


def _overruled(resolved: Resolved) -> list[str]:
    """Who won where overlays disagree, in few words."""
    titles = {overlay.key: overlay.title for overlay in resolved.applied}
    pairs = dict.fromkeys((each.winner, each.loser, each.why) for each in resolved.conflicts)
    return [
        f"Where they disagree, {_title(titles, winner)} wins over {_title(titles, loser)}: {label(why, 100)}"
        for winner, loser, why in list(pairs)[:5]
    ]


def _title(titles: dict[str, str], key: str) -> str:
    return label(titles.get(key, key), 40)
