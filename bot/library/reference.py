"""Writes what can be generated of the authoring reference: the tables in docs/playbooks.md and the JSON schemas.

python -m bot.library.reference
"""

import json
from collections import abc
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic.json_schema import models_json_schema

from bot.library.advocacy import AdvocacyPolicy, ContactLimit
from bot.library.conditions import ACCOUNT_FIELDS, CONTACT_FIELDS
from bot.library.contacting import ContactingPolicy, MailLimit, MailLimits
from bot.library.groups import Include, StepGroup
from bot.library.guardrails import Guardrail, GuardrailAction, GuardrailEscalation, Guardrails
from bot.library.health_config import (
    Bands,
    Confidence,
    ContactRange,
    Disagreement,
    HealthConfig,
    LastContactRule,
    MeasuredComponent,
    MilestonesRule,
    OverdueStepsRule,
    SentimentRule,
    Trend,
)
from bot.library.inbound import Inbound, InboundSignal
from bot.library.interruptions import AtOnce, Interruptions
from bot.library.journeys import GateCriterion, Journey, JourneyMilestone, JourneyStage
from bot.library.measures import Measure
from bot.library.metrics import Metric, Metrics
from bot.library.offsets import Due, Offset
from bot.library.overlays import AddedStep, Overlay, Partial, Wording
from bot.library.rules import Advance, AlertCall, Rule, RuleAction, RuleFile, Scope, Sustained
from bot.library.schema import (
    AnchorTrigger,
    Artefact,
    Ask,
    Asset,
    Authored,
    ContactRoleTrigger,
    Email,
    EscalationCall,
    ExitCriterion,
    MilestoneTrigger,
    NpsTrigger,
    Outcome,
    Owners,
    Playbook,
    QuarterEndTrigger,
    Question,
    RecurringTrigger,
    SentimentTrigger,
    StepSpec,
    SystemOfRecord,
)
from bot.library.segments import SegmentRow, Segments, SegmentSpec
from bot.library.stages import Stages, StageSpec
from bot.library.tags import ITEMS, PLAIN_TAGS, TAGS
from bot.library.watched_conditions import BAND_FIELDS, GUARDED_FIELDS
from bot.settings import ROOT

BEGIN = "<!-- from here on written by `python -m bot.library.reference` -->"
END = "<!-- until here -->"

SECTIONS: tuple[tuple[str, type[Authored]], ...] = (
    ("A playbook", Playbook),
    ("A step", StepSpec),
    ("`include`, in place of a step", Include),
    ("`questions`", Question),
    ("`outcomes`", Outcome),
    ("`email`", Email),
    ("`artefact`", Artefact),
    ("`escalation`", EscalationCall),
    ("`ask`", Ask),
    ("`assets`", Asset),
    ("`system`", SystemOfRecord),
    ("`exit_criteria`", ExitCriterion),
    ("`owners`", Owners),
    ("Trigger `on: anchor`", AnchorTrigger),
    ("Trigger `on: milestone`", MilestoneTrigger),
    ("Trigger `on: contact_role`", ContactRoleTrigger),
    ("Trigger `on: sentiment`", SentimentTrigger),
    ("Trigger `on: nps`", NpsTrigger),
    ("Trigger `on: quarter_end`", QuarterEndTrigger),
    ("Trigger `on: recurring`", RecurringTrigger),
    ("A group of steps", StepGroup),
    ("An overlay", Overlay),
    ("`wording` of an overlay", Wording),
    ("stages.yaml: a stage", StageSpec),
    ("segments.yaml: a segment", SegmentSpec),
    ("segments.yaml: a row of the table", SegmentRow),
    ("A journey", Journey),
    ("A journey's stage", JourneyStage),
    ("A journey's milestone", JourneyMilestone),
    ("A gate's criterion", GateCriterion),
    ("advocacy.yaml", AdvocacyPolicy),
    ("advocacy.yaml: `contact`", ContactLimit),
    ("contacting.yaml", ContactingPolicy),
    ("contacting.yaml: `per_contact`", MailLimits),
    ("contacting.yaml: the limit of a touch", MailLimit),
    ("guardrails.yaml", Guardrails),
    ("guardrails.yaml: a row", Guardrail),
    ("guardrails.yaml: `then`", GuardrailAction),
    ("guardrails.yaml: `escalate`", GuardrailEscalation),
    ("interruptions.yaml", Interruptions),
    ("interruptions.yaml: `at_once_a_day`", AtOnce),
    ("metrics.yaml", Metrics),
    ("metrics.yaml: a metric", Metric),
    ("A measure", Measure),
    ("A mapping of inbound/", Inbound),
    ("A mapping's signal", InboundSignal),
    ("health.yaml", HealthConfig),
    ("health.yaml: one of `measured`", MeasuredComponent),
    ("health.yaml: `bands`", Bands),
    ("health.yaml: `trend`", Trend),
    ("health.yaml: `confidence`", Confidence),
    ("health.yaml: `disagreement`", Disagreement),
    ("health.yaml: `overdue_steps`", OverdueStepsRule),
    ("health.yaml: `sentiment`", SentimentRule),
    ("health.yaml: `milestones`", MilestonesRule),
    ("health.yaml: `last_contact`", LastContactRule),
    ("health.yaml: one of `by_touch`", ContactRange),
    ("rules/*.yaml: a rule", Rule),
    ("A rule's `only`", Scope),
    ("A rule's `sustained`", Sustained),
    ("A rule's `then`", RuleAction),
    ("A rule's `advance`", Advance),
    ("A rule's `alert`", AlertCall),
)


SCHEMAS: Mapping[str, type[Authored]] = {
    "schema.json": Playbook,
    "group-schema.json": StepGroup,
    "overlay-schema.json": Overlay,
    "stages.schema.json": Stages,
    "segments.schema.json": Segments,
    "journeys/schema.json": Journey,
    "advocacy-schema.json": AdvocacyPolicy,
    "contacting-schema.json": ContactingPolicy,
    "guardrails-schema.json": Guardrails,
    "interruptions-schema.json": Interruptions,
    "metrics-schema.json": Metrics,
    "inbound/schema.json": Inbound,
    "health-schema.json": HealthConfig,
    "rules/schema.json": RuleFile,
}
"""What editors check files against, by the schema's place in playbooks/."""


def schema_text(model: type[Authored] = Playbook) -> str:
    """The JSON schema of a kind of file. In the steps of a playbook, as in those of a group, groups may be included."""
    schema = model.model_json_schema()
    if model is Playbook:
        _, both = models_json_schema([(Playbook, "validation"), (StepGroup, "validation")])
        definitions = both["$defs"]
        playbook, group = definitions.pop("Playbook"), definitions.pop("StepGroup")
        playbook["properties"]["steps"]["items"] = group["properties"]["steps"]["items"]
        schema = {"$defs": definitions, **playbook}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def reference_text() -> str:
    parts = [_section(title, model) for title, model in SECTIONS]
    return "\n\n".join([*parts, _tags_section(), _conditions_section()])


def with_reference(document: str) -> str:
    """The document with the text between the two markers written anew. Raises ValueError when they are not there."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{reference_text()}\n\n{END}{after}"


def _section(title: str, model: type[Authored]) -> str:
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    table = ["| field | value | needed | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([f"### {title}", "", (model.__doc__ or "").strip(), "", *table])


def _row(name: str, field: FieldInfo) -> str:
    value = " · ".join(dict.fromkeys(_values(field.annotation)))
    return f"| `{name}` | {value} | {_needed(field)} | {_sentence(field.description or '')} |"


def _needed(field: FieldInfo) -> str:
    if field.is_required():
        return "yes"
    default = field.get_default(call_default_factory=True)
    unsaid = default is None or default in ([], {}, "") or _holds_models(default)
    return "no" if unsaid else f"no: `{_spelled(default)}`"


def _holds_models(default: Any) -> bool:
    several = list(default.values()) if isinstance(default, Mapping) else [default]
    return any(isinstance(one, Authored) for one in several)


def _spelled(default: Any) -> str:
    if isinstance(default, Mapping):
        return ", ".join(f"{name}: {_spelled(value)}" for name, value in default.items())
    if isinstance(default, float):
        return f"{default:g}"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _sentence(text: str) -> str:
    return text.replace("|", "\\|")


def _values(annotation: Any) -> Iterator[str]:
    """What may be written for a type, in an author's words."""
    origin = get_origin(annotation)
    if annotation is type(None):
        return
    if origin is Annotated:
        yield from _values(get_args(annotation)[0])
    elif origin in {dict, abc.Mapping}:
        yield "by name, " + _many(get_args(annotation)[1])
    elif origin is list:
        yield "list of " + _many(get_args(annotation)[0])
    elif origin is Literal:
        yield from (f"`{value}`" for value in get_args(annotation))
    elif origin is UnionType or origin is not None:
        for part in get_args(annotation):
            yield from _values(part)
    elif issubclass(annotation, StrEnum):
        yield from (f"`{member}`" for member in annotation)
    else:
        yield _word(annotation)


def _many(annotation: Any) -> str:
    values = dict.fromkeys(_values(annotation))
    countable = {"text", "trigger", *_LABELS.values()}
    return " · ".join(_PLURALS.get(value, f"{value}s") if value in countable else value for value in values)


def _word(kind: type) -> str:
    if issubclass(kind, Partial):
        return "fields of a step"
    if issubclass(kind, Authored):
        return _LABELS.get(kind, "trigger")
    words = {str: "text", bool: "`true` · `false`", int: "number", float: "number", date: "date"}
    words |= {Offset: "offset", Due: "due date"}
    return words.get(kind, "web address")


_LABELS: dict[type[Authored], str] = {
    StepSpec: "step",
    Question: "question",
    Outcome: "outcome",
    Email: "email",
    Artefact: "artefact",
    EscalationCall: "escalation",
    Ask: "ask",
    ContactLimit: "limit",
    MailLimit: "limit",
    MailLimits: "limits",
    Asset: "asset",
    AddedStep: "step",
    Wording: "`wording`",
    Include: "`include`",
    ExitCriterion: "exit criterion",
    Owners: "owners",
    SystemOfRecord: "system",
    Measure: "measure",
    JourneyStage: "stage",
    JourneyMilestone: "milestone",
    GateCriterion: "criterion",
    Guardrail: "row",
    GuardrailAction: "`then`",
    GuardrailEscalation: "`escalate`",
    AtOnce: "numbers",
    Bands: "`bands`",
    Trend: "`trend`",
    Confidence: "`confidence`",
    Disagreement: "`disagreement`",
    OverdueStepsRule: "`overdue_steps`",
    SentimentRule: "`sentiment`",
    MilestonesRule: "`milestones`",
    LastContactRule: "`last_contact`",
    ContactRange: "good and bad days",
    Metric: "metric",
    MeasuredComponent: "component",
    Scope: "`only`",
    Sustained: "`sustained`",
    RuleAction: "`then`",
    Advance: "`advance`",
    AlertCall: "`alert`",
}
_PLURALS = {"criterion": "criteria", "exit criterion": "exit criteria", "`include`": "`include`"}


def _tags_section() -> str:
    rows = [f"| `{root}` | {', '.join(f'`{root}.{name}`' for name in names)} |" for root, names in TAGS.items()]
    others = [
        "| `account.attributes` | `account.attributes.seats` and whatever else your accounts carry |",
        "| `answers` | `answers.kickoff.next_step`: step with `_` for `-`, then the question's key, or `artefact` |",
        *(f"| each of `{name}` | {', '.join(f'`{field}`' for field in fields)} |" for name, fields in ITEMS.items()),
        f"| others | {', '.join(f'`{name}`' for name in PLAIN_TAGS)} |",
    ]
    return "\n".join(["### Merge tags", "", "| about | tags |", "|---|---|", *rows, *others])


def _conditions_section() -> str:
    def listed(subject: str, names: frozenset[str], where: str = "") -> str:
        return f"| `{subject}`{where} | {', '.join(f'`{name}`' for name in sorted(names))} |"

    rows = [
        listed("account", ACCOUNT_FIELDS),
        listed("account", GUARDED_FIELDS, ", in rules and guardrails only"),
        listed("contact", CONTACT_FIELDS),
        listed("bands", BAND_FIELDS, ", in rules only: the lowest score of each, from health.yaml"),
    ]
    return "\n".join(["### What conditions can ask", "", "| about | fields |", "|---|---|", *rows])


def main(root: Path = ROOT) -> None:
    guide = root / "docs" / "playbooks.md"
    guide.write_text(with_reference(guide.read_text("utf-8")), "utf-8")
    for place, model in SCHEMAS.items():
        (root / "playbooks" / place).write_text(schema_text(model), "utf-8")


if __name__ == "__main__":
    main()
