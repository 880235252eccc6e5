"""Whether what a playbook says can be said: its emails are there, its merge tags and conditions name things we know.

This is looked at when a file is loaded, and not by the schema: a version that runs are pinned to stays usable when a
template it names is deleted later.
"""

from collections.abc import Iterator

from bot.library.conditions import FIELDS, unknown_fields
from bot.library.nearness import did_you_mean, unknown_name
from bot.library.references import Complaint, Location
from bot.library.rendering import EACH, EmailTemplates, TemplateMistake, check_template, merge_tags
from bot.library.schema import Playbook, StepSpec
from bot.library.tags import answers_key, known_tags, unknown_tags

Answers = dict[str, frozenset[str]]


def wording_problems(playbook: Playbook, templates: EmailTemplates) -> list[Complaint]:
    """What would go wrong when the words are used, each with where in the document it stands."""
    answers = {answers_key(step.key): _answers_of(step) for step in playbook.steps}
    problems = [*_field_problems(playbook)]
    for where, text in _texts(playbook):
        problems += [(where, message) for _, message in _mistakes(text, answers)]
    for index, step in enumerate(playbook.steps):
        if step.email:
            messages = email_problems(step.email.template, templates, answers)
            problems += [(("steps", index, "email", "template"), message) for message in messages]
    return problems


def email_problems(name: str, templates: EmailTemplates, answers: Answers) -> Iterator[str]:
    """What is wrong in the files of an email template, with file and line."""
    for path in templates.variants(name):
        file = templates.name_of(path)
        segment = path.name.split(".")[1]
        if segment != "j2" and segment not in templates.segments:
            yield f"{file}: {unknown_name('segment', segment, templates.segments)}"
        try:
            template = templates.read(path)
        except TemplateMistake as error:
            yield f"{file}:{error.line} {error}"
            continue
        for first_line, text in ((1, template.subject), (template.body_line, template.body)):
            for line, message in _mistakes(text, answers):
                yield f"{file}:{first_line + line - 1} {message}"


def _answers_of(step: StepSpec) -> frozenset[str]:
    return frozenset({question.key for question in step.questions} | ({"artefact"} if step.artefact else set()))


def _field_problems(playbook: Playbook) -> Iterator[Complaint]:
    for where, condition in _conditions(playbook):
        for name in unknown_fields(condition):
            yield where, _no_such_field(name)
    for index, step in enumerate(playbook.steps):
        for place, question in enumerate(step.questions):
            subject, name = (question.prefill or "account.key").split(".")[:2]
            if name not in FIELDS[subject]:
                yield ("steps", index, "questions", place, "prefill"), _no_such_field(f"{subject}.{name}")


def _conditions(playbook: Playbook) -> Iterator[tuple[Location, str]]:
    for index, trigger in enumerate(playbook.triggers):
        if trigger.when:
            yield ("triggers", index, "when"), trigger.when
    for index, step in enumerate(playbook.steps):
        if step.when:
            yield ("steps", index, "when"), step.when
        if step.email and step.email.where:
            yield ("steps", index, "email", "where"), step.email.where


def _no_such_field(name: str) -> str:
    subject, _, field = name.partition(".")
    known = sorted(FIELDS[subject])
    meant = did_you_mean(field, known) or f"{subject.capitalize()} has {', '.join(known)}."
    return f"{name} is not a field that exists. {meant}"


def _texts(playbook: Playbook) -> Iterator[tuple[Location, str]]:
    for index, step in enumerate(playbook.steps):
        yield ("steps", index, "guidance"), step.guidance
        if step.escalation:
            yield ("steps", index, "escalation", "ask"), step.escalation.ask


def _mistakes(text: str, answers: Answers) -> list[tuple[int, str]]:
    """What is wrong in a text with merge tags, with the line of the text."""
    try:
        check_template(text)
    except TemplateMistake as error:
        return [(error.line, str(error))]
    return [
        (line_with(text, name.rpartition(EACH)[2]), _no_such_tag(name, answers))
        for name in unknown_tags(merge_tags(text), answers)
    ]


def _no_such_tag(name: str, answers: Answers) -> str:
    meant = did_you_mean(name, known_tags(answers))
    return f"{{{{ {name} }}}} is not a merge tag that exists. {meant}".rstrip()


def line_with(text: str, name: str) -> int:
    """The line (from 1) on which a merge tag is first used."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if name in line), 1)
