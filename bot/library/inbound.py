"""What messages of other systems say, playbooks/inbound/*.yaml: where in the JSON what is measured stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError

from bot.library.documents import Document, Problem, read_document, validation_problems
from bot.library.metrics import Metrics
from bot.library.nearness import unknown_name
from bot.library.references import Complaint
from bot.library.schema import Authored, FieldKey, Title

JsonPath = Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$", max_length=200)]
Scalar = str | int | float | bool
ANYTHING = "*"


def _as_list(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


JsonPaths = Annotated[list[JsonPath], BeforeValidator(_as_list), Field(min_length=1, max_length=10)]
Scalars = Annotated[list[Scalar], BeforeValidator(_as_list), Field(min_length=1, max_length=50)]


class InboundSignal(Authored):
    """A signal that is made of a message, when the message is of the right sort."""

    when: Mapping[JsonPath, Scalars] = Field(
        {}, description="by path, the value or values that make it the right sort; case does not count, `*` is any"
    )
    kind: FieldKey = Field(description="one of metrics.yaml")
    number: float | JsonPaths | None = Field(None, description="the number itself, or the path where it stands")
    label: JsonPaths | None = Field(None, description="the path of the label")
    lower_case: bool = Field(False, description="the label is kept in lower case")
    comment: JsonPaths | None = Field(None, description="the path of what somebody wrote")
    account: JsonPaths | None = Field(None, description="the path of the account; else that of the file")
    contact: JsonPaths | None = Field(None, description="the path of the contact; else that of the file")
    observed_at: JsonPaths | None = Field(None, description="the path of the time; else that of the file")


class Inbound(Authored):
    """One kind of message. Of several paths for one thing, the first that leads somewhere counts.

    A path is the names on the way, with dots between them; in a list, the place from 0.
    """

    title: Title = Field(description="what sends it: `Segment`")
    source: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = Field(
        None, description="the source of its signals, and the system whose external ids are looked at; else the file"
    )
    items: JsonPath | None = Field(
        None, description="the path of a list of messages in the body; else the body is one, or a list of them"
    )
    account: JsonPaths = Field(description="the path of the account: its key, domain, external id, or an email")
    contact: JsonPaths | None = Field(None, description="the path of the contact: an email or an external id")
    observed_at: JsonPaths | None = Field(
        None, description="the path of the time: ISO 8601, or seconds or milliseconds since 1970; else now"
    )
    external_id: Annotated[list[JsonPath], BeforeValidator(_as_list), Field(max_length=5)] = Field(
        [], description="the path, or the paths that together, tell one message from all others; else what it says"
    )
    signals: list[InboundSignal] = Field(
        min_length=1, max_length=100, description="what is made of it: each that is of the right sort"
    )


@dataclass(frozen=True)
class InboundCatalog:
    """The mappings that can be used, by the name of their file, and what is wrong with others."""

    mappings: Mapping[str, Inbound] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_inbound(directory: Path, metrics: Metrics) -> InboundCatalog:
    """Load every file of inbound/. One with a mistake is left out."""
    mappings: dict[str, Inbound] = {}
    problems: list[Problem] = []
    for path in sorted((directory / "inbound").glob("*.yaml")):
        document = read_document(path, path.relative_to(directory).as_posix())
        loaded = [document] if isinstance(document, Problem) else _mapping(document, metrics)
        if isinstance(loaded, Inbound):
            mappings[path.stem] = loaded
        else:
            problems += loaded
    return InboundCatalog(mappings, tuple(problems))


def _mapping(document: Document, metrics: Metrics) -> Inbound | Sequence[Problem]:
    try:
        mapping = Inbound.model_validate(document.value)
    except ValidationError as error:
        return validation_problems(error, document)
    known = sorted(metrics.known)
    complaints: list[Complaint] = [
        (("signals", place, "kind"), unknown_name("metric", signal.kind, known))
        for place, signal in enumerate(mapping.signals)
        if signal.kind not in metrics.known
    ]
    return [document.problem(*complaint) for complaint in complaints] or mapping
