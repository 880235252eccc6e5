"""Words with merge tags: emails, guidance, asks. Their templates put words together; they call and reach nothing.

A merge tag without a value is a hole. It is shown where it stands, `[[missing: contact.first_name]]`, so that whoever
reads the draft sees it, and a draft with holes is not sent.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.errors import PlaycallError
from bot.library.nearness import did_you_mean
from bot.models import Segment

T = TypeVar("T")
OnMissing = Literal["mark", "raise"]
Escape = Callable[[str], str]

FORBIDDEN = (
    nodes.Block,
    nodes.Call,
    nodes.CallBlock,
    nodes.Extends,
    nodes.FromImport,
    nodes.Import,
    nodes.Include,
    nodes.Macro,
)
SUBJECT = "Subject:"
EACH = "[]"  # `plan[].title` is a field of the items of a list, whatever the loop calls them

_PLAIN_TAG = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*) *\}\}")
_JINJA_WORDS = frozenset(
    {"true", "True", "false", "False", "none", "None", "not", "and", "or", "in", "is", "if", "else", "self", "loop"}
)
_HOLE = re.compile(r"\[\[missing: ([^\]\n]+)\]\]")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TAG_ONLY_LINE = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}[ \t]*)+)\n", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n")
_holes: ContextVar[list[str]] = ContextVar("_holes")


class TemplateMistake(PlaycallError):
    """These words cannot be rendered."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class MissingTags(PlaycallError):
    """Something these words need is not known. `names` holds the merge tags."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"Not known yet: {', '.join(names)}.")
        self.names = names


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """The two templates of an email file: the first line after `Subject:`, and what follows the blank line.

    `body_line` is the line of the file on which the body starts.
    """

    subject: str
    body: str
    body_line: int = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail to read before it is sent. `missing` holds the merge tags without a value, in the order of the text."""

    subject: str
    body: str
    missing: tuple[str, ...] = ()

    @property
    def sendable(self) -> bool:
        return not self.missing


def holes_in(text: str) -> tuple[str, ...]:
    """The holes that are still in a draft after somebody has edited it."""
    return tuple(dict.fromkeys(_HOLE.findall(text)))


# --- rendering --------------------------------------------------------------------------------------------------------


def render_text(source: str, context: Mapping[str, Any], *, escape: Escape | None = None) -> str:
    """Words from a playbook with their merge tags filled in; holes are marked.

    `escape` is applied to the values and not to the words around them: the author's mrkdwn is meant, a customer's
    name is not. Raises TemplateMistake.
    """
    return _render(source, context, escape)[0]


def render_email(template: EmailTemplate, context: Mapping[str, Any], *, on_missing: OnMissing = "mark") -> Draft:
    """The draft of an email. Raises MissingTags for one with holes when they are not to be marked."""
    subject, in_subject = _render(template.subject, context)
    body, in_body = _render(template.body, context)
    missing = tuple(dict.fromkeys([*in_subject, *in_body]))
    if missing and on_missing == "raise":
        raise MissingTags(missing)
    return Draft(" ".join(subject.split()), body, missing)  # a line break in a subject would start another mail header


def check_template(source: str) -> None:
    """Raises TemplateMistake for what is no template, or does what templates here may not do."""
    if _plain_tags(source) is None:
        compiled(source)


@lru_cache(maxsize=4096)
def merge_tags(source: str) -> frozenset[str]:
    """The names a template takes from its context, as far as they are written out: `account.name`, `notes`.

    What a loop takes from the items of a list is named after the list: `plan[].title`.
    Raises TemplateMistake for what is no template, or does what templates here may not do.
    """
    plain = _plain_tags(source)
    if plain is not None:
        return plain
    tree = _parse(source)
    free = _guarded(lambda: meta.find_undeclared_variables(tree))
    return frozenset(_names(tree, {name: name for name in free}))


def _plain_tags(source: str) -> frozenset[str] | None:
    """The names in words with nothing but `{{ account.name }}` in them, which most are; None for all others.

    Parsing takes a thousand times as long, and a library has thousands of texts.
    """
    if "{" not in source:
        return frozenset()
    names = _PLAIN_TAG.findall(source)
    if "{" in _PLAIN_TAG.sub("", source) or not _JINJA_WORDS.isdisjoint(name.split(".")[0] for name in names):
        return None
    return frozenset(names)


def _names(node: nodes.Node, known: Mapping[str, str]) -> Iterator[str]:
    """`known` says what the first part of a name stands for: itself, or the items of a list inside a loop."""
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        name = _dotted(node)
        if name is not None:
            root, dot, rest = name.partition(".")
            if root in known and not (known[root].endswith(EACH) and not rest):
                yield f"{known[root]}{dot}{rest}"
            return
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name) and (items := _dotted(node.iter)) in known:
        known = {**known, node.target.name: f"{items}{EACH}"}
    for child in node.iter_child_nodes():
        yield from _names(child, known)


def _dotted(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        parent = _dotted(node.node)
        return f"{parent}.{node.attr}" if parent else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        parent = _dotted(node.node)
        return f"{parent}.{node.arg.value}" if parent else None
    return None


def _render(source: str, context: Mapping[str, Any], escape: Escape | None = None) -> tuple[str, list[str]]:
    template = compiled(source)
    token = _holes.set([])
    try:
        text = _guarded(lambda: template.render(_wrapped(context, escape)))
        return _BLANK_LINES.sub("\n\n", text).strip(), list(dict.fromkeys(_holes.get()))
    finally:
        _holes.reset(token)


def _guarded(act: Callable[[], T]) -> T:
    try:
        return act()
    except TemplateSyntaxError as error:
        raise TemplateMistake(f"not a template: {error.message}", error.lineno) from error
    except SecurityError as error:
        raise TemplateMistake(f"a template may not do that: {error}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError, UndefinedError) as error:
        raise TemplateMistake(f"cannot be rendered: {error}") from error


def _parse(source: str) -> nodes.Template:
    tree = _guarded(lambda: _environment().parse(_tidy(source)))
    for node in tree.find_all(FORBIDDEN):
        raise TemplateMistake("only merge tags, filters, `if`, `for` and `set` are possible here", node.lineno)
    return tree


@lru_cache(maxsize=1024)
def compiled(source: str) -> Template:
    """The template of a text, compiled once: compiling takes a hundred times as long as rendering."""
    tree = _parse(source)
    return _guarded(lambda: _environment().from_string(tree))


def _tidy(source: str) -> str:
    """A line that holds nothing but tags leaves no line behind. The comment keeps the line numbers as they are."""
    return _TAG_ONLY_LINE.sub("\\1{#\n#}", source)


# --- the sandbox ------------------------------------------------------------------------------------------------------


class Hole(StrictUndefined):
    """A merge tag without a value. It marks itself where it is shown, is false in an `if` and equal to nothing."""

    @property
    def path(self) -> str:
        parent = self._undefined_obj
        prefix = parent.path if isinstance(parent, Fields | Hole) else ""
        return f"{prefix}.{self._undefined_name}".lstrip(".")

    # What follows loosens StrictUndefined, whose every operation raises, and the ignores are for its types: a template
    # asks with `if` and `for` whether something is known.

    def __str__(self) -> str:  # type: ignore[override]
        _holes.get().append(self.path)
        return f"[[missing: {self.path}]]"

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        return iter(())

    def __len__(self) -> int:  # type: ignore[override]
        return 0

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return False

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return True

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self._undefined_name)

    def _never(self, _: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _never  # type: ignore[assignment]


class Fields(Mapping[str, Any]):
    """A part of the context that knows where it is, so that what is missing from it can be named."""

    def __init__(self, path: str, values: Mapping[str, Any]) -> None:
        self.path = path
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        return str(self._values.get("name") or self._values.get("title") or "")


class WordsEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 with nothing to call and nothing to reach: values in, text out."""

    intercepted_binops = frozenset({"*", "**", "%"})  # they can make a text of any length

    def __init__(self) -> None:
        super().__init__(undefined=Hole, autoescape=False, finalize=_finalize)
        self.globals.clear()
        self.filters = {"default": self.filters["default"]} | {name: _of_text(act) for name, act in FILTERS.items()}

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self._field(obj, attribute) if isinstance(obj, Fields | Hole) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self._field(obj, argument) if isinstance(obj, Fields | Hole) else super().getitem(obj, argument)

    def _field(self, obj: "Fields | Hole", name: Any) -> Any:
        return obj[name] if isinstance(obj, Fields) and name in obj else self.undefined(obj=obj, name=name)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        raise SecurityError(f"no {attribute!r} of a {type(obj).__name__} in a template")

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002  # the signature is Jinja2's
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> NoReturn:  # noqa: ARG002  # as above
        raise SecurityError(f"no {operator!r} in a template")


@lru_cache(maxsize=1)
def _environment() -> WordsEnvironment:
    return WordsEnvironment()


def _finalize(value: Any) -> Any:
    """How a value is written in a text: dates in full, lists as people say them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {value:%B %Y}"
    if isinstance(value, list | tuple):
        words = [str(_finalize(item)) for item in value]
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return value


def _of_text(act: Callable[[Any], str]) -> Callable[[Any], Any]:
    """A filter that leaves a hole what it is, so that its mark stays readable."""
    return lambda value: value if isinstance(value, Undefined) else act(value)


def _bullets(value: Any) -> str:
    """A list, or the lines of a text, as a list of points."""
    items = value if isinstance(value, list | tuple) else str(_finalize(value)).splitlines()
    lines = [str(_finalize(item)).strip().removeprefix("- ").removeprefix("• ") for item in items]
    return "\n".join(f"- {line}" for line in lines if line)


def _sentence(value: Any) -> str:
    """What somebody typed, with a full stop unless it ends already."""
    text = str(_finalize(value)).strip()
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


FILTERS: dict[str, Callable[[Any], str]] = {
    "bullets": _bullets,
    "capitalize": lambda value: str(_finalize(value)).capitalize(),
    "lower": lambda value: str(_finalize(value)).lower(),
    "sentence": _sentence,
    "title": lambda value: str(_finalize(value)).title(),
    "trim": lambda value: str(_finalize(value)).strip(),
    "upper": lambda value: str(_finalize(value)).upper(),
}
"""Besides `default`. What is not here, templates cannot do."""


def _wrapped(value: Any, escape: Escape | None, path: str = "") -> Any:
    """The context as templates see it: paths known, what is empty left out, days recognised."""
    if isinstance(value, Mapping):
        inner = {
            str(key): _wrapped(item, escape, f"{path}.{key}".lstrip("."))
            for key, item in value.items()
            if item is not None and item != ""
        }
        return Fields(path, inner) if path else inner
    if isinstance(value, list | tuple):
        return [_wrapped(item, escape, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value, escape)
    return value


def _text(value: str, escape: Escape | None) -> Any:
    if _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # it only looks like a day
    return escape(value) if escape else value


# --- email files ------------------------------------------------------------------------------------------------------


class EmailTemplates:
    """The email files of a directory, read when they are first needed and then kept.

    `onboarding/welcome` is `onboarding/welcome.j2`. A file `onboarding/welcome.enterprise.j2` beside it takes its
    place for accounts of that segment.
    """

    def __init__(self, directory: Path, segments: Collection[str] = tuple(Segment)) -> None:
        self.directory = directory
        self.segments = segments
        self._read: dict[Path, EmailTemplate] = {}
        self._variants: dict[str, list[Path]] = {}

    def find(self, name: str, segment: str | None = None) -> EmailTemplate:
        """The template for an account of this segment. Raises TemplateMistake when there is none or it is broken."""
        if segment and self._path(f"{name}.{segment}").exists():
            return self.read(self._path(f"{name}.{segment}"))
        return self.read(self._path(name))

    def render(
        self,
        name: str,
        context: Mapping[str, Any],
        *,
        segment: str | None = None,
        on_missing: OnMissing = "mark",
    ) -> Draft:
        return render_email(self.find(name, segment), context, on_missing=on_missing)

    def variants(self, name: str) -> list[Path]:
        """The files of one template: the one for everybody, then those for a segment."""
        if name not in self._variants:
            path = self._path(name)
            self._variants[name] = [path, *sorted(path.parent.glob(f"{path.stem}.*.j2"))]
        return self._variants[name]

    def names(self) -> list[str]:
        """Every template that is there, as playbooks name it: `onboarding/welcome`."""
        return sorted({self._name(path) for path in (self.directory / "email").glob("*/*.j2")})

    def read(self, path: Path) -> EmailTemplate:
        if path not in self._read:
            self._read[path] = parse_email(self._text_of(path))
        return self._read[path]

    def name_of(self, path: Path) -> str:
        """How a file is called in messages: `templates/email/onboarding/welcome.j2`."""
        return path.relative_to(self.directory.parent).as_posix()

    @staticmethod
    def _name(path: Path) -> str:
        return f"{path.parent.name}/{path.name.partition('.')[0]}"

    def _path(self, name: str) -> Path:
        return self.directory / "email" / f"{name}.j2"

    def _text_of(self, path: Path) -> str:
        try:
            return path.read_text("utf-8")
        except FileNotFoundError:
            message = f"there is no file {self.name_of(path)}. {did_you_mean(self._name(path), self.names())}"
            raise TemplateMistake(message.rstrip()) from None
        except UnicodeDecodeError as error:
            raise TemplateMistake(f"not UTF-8: {error.reason}") from error


def parse_email(text: str) -> EmailTemplate:
    """The parts of an email file. Raises TemplateMistake unless it is a subject, a blank line and a body."""
    first, _, rest = text.partition("\n")
    blank, _, body = rest.partition("\n")
    if not first.startswith(SUBJECT) or not first.removeprefix(SUBJECT).strip():
        raise TemplateMistake("the first line is the subject: `Subject: Welcome, {{ contact.first_name }}`")
    if blank.strip() or not body.strip():
        raise TemplateMistake("after the subject come a blank line and the body", 2)
    return EmailTemplate(first.removeprefix(SUBJECT).strip(), body)
