"""Reading a configuration file of a playbooks directory: health.yaml, stages.yaml and so on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.library.authored import Authored
from bot.library.documents import Problem, read_document, validation_problems
from bot.library.references import Complaint

T = TypeVar("T", bound=Authored)


def no_complaints(_: Any) -> list[Complaint]:
    return []


def load_configuration(path: Path, model: type[T], complaints: Callable[[T], list[Complaint]] = no_complaints) -> T:
    """What a file says; the model's defaults where there is none. Raises ConfigurationError with the line.

    `complaints` looks at what the model cannot know by itself, such as the names in other files.
    """
    if not path.exists():
        return model()
    document = read_document(path, path.name)
    if isinstance(document, Problem):
        raise ConfigurationError(str(document))
    try:
        read = model.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(str(validation_problems(error, document)[0])) from error
    for where, message in complaints(read):
        raise ConfigurationError(str(document.problem(where, message)))
    return read
