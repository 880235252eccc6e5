from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.library.rendering import (
    EmailTemplate,
    EmailTemplates,
    MissingTags,
    TemplateMistake,
    compiled,
    holes_in,
    merge_tags,
    parse_email,
    render_email,
    render_text,
)
from bot.library.tags import build_context, first_name
from bot.models import Account, Contact, Member, MemberRole, Note, NoteSource, Segment, Step, StepKind, StepStatus

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
CONTEXT: dict[str, Any] = {
    "account": {
        "name": "Acme",
        "renewal_date": date(2026, 6, 30),
        "outcome": None,
        "attributes": {"due": "2026-05-01"},
    },
    "csm": {"name": "Maya Chen", "first_name": "Maya"},
    "notes": ["They like it.", "Price is a worry."],
    "answers": {"kickoff": {"agreed": True, "plan": "one\n\n- two"}},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hello {{ account.name }}", "Hello Acme"),
        ("until {{ account.renewal_date }}", "until 30 June 2026"),
        ("by {{ account.attributes.due }}", "by 1 May 2026"),
        ("agreed: {{ answers.kickoff.agreed }}", "agreed: yes"),
        ("{{ answers.kickoff.plan | bullets }}", "- one\n- two"),
        ("{{ notes | bullets }}", "- They like it.\n- Price is a worry."),
        ("{{ 'grow' | sentence }} {{ 'Why?' | sentence }}", "grow. Why?"),
        ("{{ notes }}", "They like it. and Price is a worry."),
        ("{{ csm }}", "Maya Chen"),
        ("{{ account.name | upper }}", "ACME"),
        ("{{ leader.name | default('your leader') }}", "your leader"),
        ("{% for note in notes %}[{{ note }}]{% endfor %}", "[They like it.][Price is a worry.]"),
    ],
)
def test_merge_tags_become_words(source: str, expected: str) -> None:
    assert render_text(source, CONTEXT) == expected


@pytest.mark.parametrize(
    "source", ["{% if leader %}with {{ leader.name }}{% endif %}.", "{% if account.outcome %}for it{% endif %}."]
)
def test_a_passage_about_something_unknown_is_left_out(source: str) -> None:
    assert render_text(source, CONTEXT) == "."


def test_a_line_of_tags_leaves_no_line_behind() -> None:
    source = "one\n\n{% if leader %}\ntwo\n\n{% endif %}\n{% if csm %}\nthree\n{% endif %}\nfour"
    assert render_text(source, CONTEXT) == "one\n\nthree\nfour"


@pytest.mark.parametrize(
    "tag",
    ["contact.first_name", "account.outcome", "leader", "answers.check_success.value", "account.attributes.seats"],
)
def test_a_missing_value_is_shown_where_it_is_missing(tag: str) -> None:
    """Row 2.19."""
    draft = render_email(EmailTemplate("Hello", f"Dear {{{{ {tag} }}}},"), CONTEXT)
    assert draft.body == f"Dear [[missing: {tag}]],"
    assert draft.missing == (tag,)
    assert not draft.sendable


def test_a_filter_leaves_the_mark_of_a_hole_readable() -> None:
    assert render_text("{{ contact.first_name | upper }}", CONTEXT) == "[[missing: contact.first_name]]"


def test_a_draft_without_holes_can_be_sent() -> None:
    assert render_email(EmailTemplate("Hello", "{{ account.name }}"), CONTEXT).sendable


def test_a_hole_can_be_an_error_that_names_them_all() -> None:
    template = EmailTemplate("{{ contact.name }}", "{{ leader.name }} {{ contact.name }}")
    with pytest.raises(MissingTags) as caught:
        render_email(template, CONTEXT, on_missing="raise")
    assert caught.value.names == ("contact.name", "leader.name")


def test_holes_left_by_an_editor_are_found() -> None:
    assert holes_in("Dear [[missing: contact.first_name]], [[not a hole]]") == ("contact.first_name",)


def test_a_line_break_in_a_value_does_not_break_the_subject() -> None:
    context = {"account": {"name": "Acme\nBcc: everyone@example.com"}}
    assert render_email(EmailTemplate("About {{ account.name }}", "x"), context).subject == (
        "About Acme Bcc: everyone@example.com"
    )


def test_values_are_escaped_and_the_words_around_them_are_not() -> None:
    context = {"account": {"name": "<!channel>", "attributes": {"x": ["<a>"]}}}
    source = "*<{{ account.name }}>* {{ account.attributes.x }}"
    rendered = render_text(source, context, escape=lambda text: text.replace("<", "&lt;"))
    assert rendered == "*<&lt;!channel>>* &lt;a>"


def test_merge_tags_inside_a_value_stay_text() -> None:
    assert render_text("{{ account.name }}", {"account": {"name": "{{ csm.name }}"}}) == "{{ csm.name }}"


def test_a_template_is_compiled_once() -> None:
    assert compiled("{{ account.name }} once") is compiled("{{ account.name }} once")


def test_the_tags_of_a_template_can_be_listed() -> None:
    source = (
        "{{ account.name }} {% for m in milestones %}{{ m.title }}{% endfor %} {% if ae %}{{ ae['name'] }}{% endif %}"
    )
    assert merge_tags(source) == {"account.name", "milestones", "milestones[].title", "ae", "ae.name"}


@pytest.mark.parametrize(
    "payload",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ account.name['__cl' ~ 'ass__'] }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ [].__class__.__base__ }}",
        "{% for c in [].__class__.__base__ %}{% endfor %}",
        "{{ account.name.__init__.__globals__ }}",
        "{{ self.__init__.__globals__.__builtins__ }}",
        "{{ account.name.upper() }}",
        "{{ cycler.__init__() }}",
        "{{ lipsum() }}",
        "{{ range(1000000000) }}",
        "{{ account | attr('name') }}",
        "{{ [1] | map('upper') }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 9 ** 999999999 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{0.__class__}'.format(account) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% set x = account.name.__class__ %}{{ x }}",
    ],
)
def test_a_template_can_neither_call_nor_reach_anything(payload: str) -> None:
    with pytest.raises(TemplateMistake):
        render_text(payload, CONTEXT)


@pytest.mark.parametrize("name", ["_values", "__class__", "__dict__", "path", "get", "items"])
def test_the_parts_of_the_context_have_nothing_but_their_values(name: str) -> None:
    assert render_text(f"{{{{ account.{name} }}}}", CONTEXT) == f"[[missing: account.{name}]]"


@pytest.mark.parametrize(
    ("source", "line"), [("{{ account.name", 1), ("one\n{% if account %}\ntwo", 3), ("a\nb\n{{ x | nonsense }}", 3)]
)
def test_a_mistake_in_a_template_has_a_line(source: str, line: int) -> None:
    with pytest.raises(TemplateMistake) as caught:
        render_text(source, CONTEXT)
    assert caught.value.line == line


def test_an_email_file_is_a_subject_a_blank_line_and_a_body() -> None:
    assert parse_email("Subject: Hello {{ account.name }}\n\nDear\n\nyou\n") == EmailTemplate(
        "Hello {{ account.name }}", "Dear\n\nyou\n"
    )


@pytest.mark.parametrize(
    "text", ["", "Hello\n\nbody", "Subject:\n\nbody", "Subject: x\nbody", "Subject: x\n\n", "Subject: x"]
)
def test_what_is_no_email_file_is_refused(text: str) -> None:
    with pytest.raises(TemplateMistake):
        parse_email(text)


@pytest.fixture
def templates(tmp_path: Path) -> EmailTemplates:
    folder = tmp_path / "email" / "onboarding"
    folder.mkdir(parents=True)
    (folder / "welcome.j2").write_text("Subject: Welcome\n\nfor everybody")
    (folder / "welcome.enterprise.j2").write_text("Subject: Welcome\n\nfor enterprises")
    return EmailTemplates(tmp_path)


@pytest.mark.parametrize(
    ("segment", "body"),
    [(Segment.ENTERPRISE, "for enterprises"), (Segment.SMB, "for everybody"), (None, "for everybody")],
)
def test_a_segment_may_have_its_own_email(templates: EmailTemplates, segment: Segment | None, body: str) -> None:
    assert templates.render("onboarding/welcome", {}, segment=segment).body == body


def test_an_email_that_is_not_there_is_named(templates: EmailTemplates) -> None:
    with pytest.raises(TemplateMistake, match=r"email/onboarding/farewell\.j2"):
        templates.find("onboarding/farewell")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ana Maria Silva", "Ana"),
        ("Silva, Ana Maria", "Ana"),
        ("Dr. Ana Silva", "Ana"),
        ("Björk", "Björk"),
        ("J. R.", "J."),
        ("", ""),
    ],
)
def test_people_are_addressed_by_their_first_name(name: str, first: str) -> None:
    assert first_name(name) == first


def test_the_context_holds_the_account_its_people_and_the_run_so_far() -> None:
    account = Account(key="acme", name="Acme", attributes={"seats": 40}, arr=9, created_at=NOW, updated_at=NOW)
    maya = Member(name="Maya Chen", email="maya@ours.example", role=MemberRole.CSM, created_at=NOW)
    jane = Contact(account_id=1, name="Jane Doe", email="jane@acme.example", title="CFO", created_at=NOW)
    step = Step(
        run_id=1,
        account_id=1,
        key="kick-off",
        position=0,
        title="Kick off",
        kind=StepKind.MEETING,
        role=MemberRole.CSM,
        assignee_id=1,
        status=StepStatus.DONE,
        answers={"next_step": "sign"},
        artefact="https://plan.example",
    )
    note = Note(account_id=1, author_id=1, source=NoteSource.COMMAND, body="They like it.", created_at=NOW)
    context = build_context(
        account=account,
        today=NOW.date(),
        members={MemberRole.CSM: maya},
        sender=maya,
        contact=jane,
        steps=[step],
        notes=[note],
    )
    source = (
        "{{ contact.first_name }} {{ contact.title }} {{ sender.email }} {{ account.attributes.seats }} "
        "{{ today }} {{ answers.kick_off.next_step }} {{ answers.kick_off.artefact }} "
        "{{ notes | bullets }}{% if ae %} ae{% endif %}"
    )
    assert render_text(source, context) == (
        "Jane CFO maya@ours.example 40 2 March 2026 sign https://plan.example - They like it."
    )
    assert "arr" not in context["account"]
