"""The merge tags: what words in playbooks and emails can say about an account, its people and the run."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.library.rendering import EACH
from bot.models import Account, Anchor, Contact, Member, MemberRole, Milestone, Note, ObjectiveStatus, Run, Step

PERSON = ("name", "first_name", "email")
ACCOUNT = (
    "name",
    "key",
    "domain",
    "segment",
    "stage",
    "outcome",
    "industry",
    "country",
    *(anchor.value for anchor in Anchor),
)
OUR_PEOPLE = (MemberRole.CSM, MemberRole.AE, MemberRole.LEADER, MemberRole.SPECIALIST)

TAGS: Mapping[str, tuple[str, ...]] = {
    "account": ACCOUNT,
    "contact": (*PERSON, "title"),
    **{role.value: PERSON for role in OUR_PEOPLE},
    "sender": PERSON,
    "run": ("title", "started_on"),
    "playbook": ("title",),
    "milestone": ("title", "evidence"),
}
"""The names after the dot. Besides them there are `account.attributes.…`, `answers.….…` and PLAIN_TAGS."""

PLAN_TAGS = ("plan", "plan_met", "plan_open")
PLAIN_TAGS = ("today", "notes", "milestones", *PLAN_TAGS)

OBJECTIVE = ("title", "measure", "baseline", "target", "current", "status", "due_on", "owner", "evidence")
ITEMS: Mapping[str, tuple[str, ...]] = {"milestones": ("title", "status"), **dict.fromkeys(PLAN_TAGS, OBJECTIVE)}
"""What the items of a list know: `{% for objective in plan %}{{ objective.title }}{% endfor %}`."""

_ASKS_FOR_PLAN = re.compile(r"\{[{%][^}]*\bplan\b|\{[{%][^}]*\bplan_(met|open)\b")


def build_context(
    *,
    account: Account,
    today: date,
    members: Mapping[MemberRole, Member],
    sender: Member | None = None,
    contact: Contact | None = None,
    run: Run | None = None,
    playbook_title: str | None = None,
    steps: Sequence[Step] = (),
    notes: Sequence[Note] = (),
    milestones: Sequence[Milestone] = (),
    milestone: Milestone | None = None,
    plan: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The values of the merge tags. Nothing of it is live: changing a row later changes no text.

    `members` is the account's role map, `notes` the latest first, `steps` those of the run: their answers become
    `answers.check_success.value`, `plan` the objectives that were not dropped, each with what OBJECTIVE names.
    """
    return {
        "account": {name: getattr(account, name) for name in ACCOUNT} | {"attributes": dict(account.attributes)},
        "contact": person(contact) | {"title": contact.title} if contact else None,
        **{role.value: person(members[role]) for role in OUR_PEOPLE if role in members},
        "sender": person(sender) if sender else None,
        "run": {"title": run.title, "started_on": run.started_on} if run else None,
        "playbook": {"title": playbook_title},
        "milestone": {"title": milestone.title, "evidence": milestone.evidence} if milestone else None,
        "today": today,
        "notes": [note.body for note in notes],
        "milestones": [{"title": each.title, "status": each.status.value} for each in milestones],
        "plan": list(plan),
        "plan_met": [each for each in plan if each["status"] == ObjectiveStatus.MET],
        "plan_open": [each for each in plan if each["status"] == ObjectiveStatus.OPEN],
        "answers": {answers_key(step.key): {"artefact": step.artefact} | step.answers for step in steps},
    }


def asks_for_plan(source: str) -> bool:
    """Whether words mention the success plan in a tag. Asked before it is read from the database."""
    return bool(_ASKS_FOR_PLAN.search(source))


def answers_key(step_key: str) -> str:
    """A step's name in merge tags, where a hyphen would be a minus."""
    return step_key.replace("-", "_")


def person(someone: Member | Contact) -> dict[str, str]:
    return {"name": someone.name, "first_name": first_name(someone.name), "email": someone.email}


def first_name(name: str) -> str:
    """How one addresses somebody: `Ana Maria Silva` is Ana, `Silva, Ana` too, `Dr. Ana Silva` as well."""
    given = name.partition(",")[2] or name
    words = [word for word in given.split() if not word.endswith(".")] or given.split()
    return words[0] if words else ""


def known_tags(answers: Mapping[str, frozenset[str]]) -> list[str]:
    """Every merge tag by name. `answers` holds the question keys of a playbook's steps."""
    fields = [f"{root}.{name}" for root, names in TAGS.items() for name in names]
    fields += [f"{name}{EACH}.{field}" for name, of_items in ITEMS.items() for field in of_items]
    return [*PLAIN_TAGS, *fields, *(f"answers.{step}.{key}" for step, keys in answers.items() for key in sorted(keys))]


def unknown_tags(names: frozenset[str], answers: Mapping[str, frozenset[str]]) -> list[str]:
    """Which of these merge tags nothing would ever fill. `answers` holds the question keys of a playbook's steps."""
    return sorted(name for name in names if not _is_known(name.split("."), answers))


def _is_known(parts: list[str], answers: Mapping[str, frozenset[str]]) -> bool:
    match parts:
        case [root]:
            return root in PLAIN_TAGS or root in TAGS
        case [root, field] if root.endswith(EACH):
            return field in ITEMS.get(root.removesuffix(EACH), ())
        case ["account", "attributes", _]:
            return True
        case ["answers", step, question]:
            return question in answers.get(step, frozenset())
        case [root, field]:
            return field in TAGS.get(root, ())
    return False
