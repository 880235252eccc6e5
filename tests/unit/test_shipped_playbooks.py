"""What ships with Playcall is in order: every playbook loads, every email renders, the reference says what is so."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from bot.library.library import Library
from bot.library.loading import Catalog
from bot.library.reference import SCHEMAS, schema_text, with_reference
from bot.library.rendering import Draft, EmailTemplate, EmailTemplates, parse_email, render_email, render_text
from bot.library.schema import AnswerType, Category, Playbook, Question, StepSpec, Trigger, dump
from bot.library.tags import OBJECTIVE, PLAN_TAGS, TAGS, answers_key
from bot.models import Stage, StepKind
from bot.settings import ROOT

PLAYBOOKS = ROOT / "playbooks"
TEMPLATES = ROOT / "templates"
KEYS = sorted(path.stem for category in Category for path in (PLAYBOOKS / category).glob("*.yaml"))
EMAILS = sorted((TEMPLATES / "email").rglob("*.j2"))
TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Library(PLAYBOOKS, TEMPLATES).load()


def sample(question: Question) -> Any:
    match question.type:
        case AnswerType.NUMBER:
            return 7
        case AnswerType.YES_NO:
            return True
        case AnswerType.DATE:
            return "2026-05-31"
        case AnswerType.CHOICE:
            return question.options[0]
    return f"what they said about {question.key}"


def full_context(catalog: Catalog) -> dict[str, Any]:
    """Every merge tag with a value; answers to every question of every playbook."""
    context: dict[str, Any] = {root: {name: f"the {name}" for name in names} for root, names in TAGS.items()}
    context["account"]["attributes"] = {}
    context |= {"today": TODAY, "notes": ["first note"], "milestones": [{"title": "Go-live", "status": "reached"}]}
    objective = dict.fromkeys(OBJECTIVE, "9 days") | {"title": "Close faster", "status": "met"}
    context |= {name: [objective] for name in PLAN_TAGS}
    steps = [step for playbook in catalog.playbooks.values() for step in playbook.steps]
    answers: dict[str, Any] = {}
    for step in steps:
        given = answers.setdefault(answers_key(step.key), {"artefact": "https://example.com/plan"})
        given |= {question.key: sample(question) for question in step.questions}
    return context | {"answers": answers}


def poor_context() -> dict[str, Any]:
    """What is known of nearly every account: no goal, no dates, nobody but the CSM, nothing answered."""
    maya = {"name": "Maya Chen", "first_name": "Maya", "email": "maya@ours.example"}
    jane = {"name": "Jane Doe", "first_name": "Jane", "email": "jane@acme.example"}
    account = {"name": "Acme", "key": "acme", "segment": "smb", "stage": "adoption"}
    milestone = {"title": "First invoice"}
    return {"account": account, "csm": maya, "sender": maya, "contact": jane, "milestone": milestone, "today": TODAY}


def steps_of(playbook: Playbook, kind: StepKind) -> Iterator[StepSpec]:
    return (step for step in playbook.steps if step.kind is kind)


def test_every_shipped_playbook_loads(catalog: Catalog) -> None:
    assert [str(problem) for problem in catalog.problems] == []
    assert sorted(catalog.playbooks) == KEYS
    assert len(KEYS) >= 40


@pytest.mark.parametrize("key", KEYS)
def test_a_shipped_playbook_starts_with_the_line_that_editors_read(key: str) -> None:
    (path,) = PLAYBOOKS.glob(f"*/{key}.yaml")
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=../schema.json\n")


@pytest.mark.parametrize("key", KEYS)
def test_a_shipped_playbook_is_stored_and_read_back_unchanged(catalog: Catalog, key: str) -> None:
    playbook = catalog.playbooks[key]
    assert Playbook.model_validate(json.loads(json.dumps(dump(playbook)))) == playbook


@pytest.mark.parametrize("key", KEYS)
def test_every_step_has_guidance_that_fits_into_a_message(catalog: Catalog, key: str) -> None:
    context = full_context(catalog)
    for step in catalog.playbooks[key].steps:
        words = render_text(step.guidance, context)
        assert 40 < len(words) <= 2500, step.key
        assert "[[missing" not in words, step.key


@pytest.mark.parametrize("key", KEYS)
def test_every_step_is_an_instruction(catalog: Catalog, key: str) -> None:
    for step in catalog.playbooks[key].steps:
        assert re.match(r"(Day \d: )?[A-Za-z]", step.title), step.key
        assert not step.title.endswith("."), step.key


@pytest.mark.parametrize("key", KEYS)
def test_what_a_step_asks_fits_into_one_modal(catalog: Catalog, key: str) -> None:
    for step in catalog.playbooks[key].steps:
        keys = [question.key for question in step.questions]
        assert len(keys) == len(set(keys)), step.key
        assert len(keys) <= 10, f"{step.key}: nobody fills in more than ten fields"


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_email_renders_with_nothing_missing(catalog: Catalog, path: Any) -> None:
    draft = EmailTemplates(TEMPLATES).read(path)
    rendered = render_email(draft, full_context(catalog), on_missing="raise")
    assert_is_a_letter(rendered)


# These quote what a step has asked for, and without it there is nothing to send.
QUOTING = {
    "plan/share.j2",
    "expansion/proposal.j2",
    "escalation/code-red-plan.j2",
    "escalation/recovery-plan.j2",
    "renewal/proposal.j2",
    "renewal/ebr-recap.j2",
    "check-in/recap.j2",
    "onboarding/review-30.j2",
    "onboarding/sign-off.j2",
    "onboarding/week-recap.j2",
    "specialist/follow-up.j2",
    "specialist/set-date.j2",
    "success-plan/share.j2",
    "value-proof/result.j2",
    "visit/recap.j2",
}


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_email_can_be_sent_to_an_account_we_know_little_about(path: Any) -> None:
    draft = render_email(EmailTemplates(TEMPLATES).read(path), poor_context())
    assert draft.sendable is (f"{path.parent.name}/{path.name}" not in QUOTING), draft.missing
    assert_is_a_letter(draft)


def assert_is_a_letter(draft: Draft) -> None:
    assert 10 < len(draft.subject) < 90
    assert len(draft.body) < 3000
    assert "\n\n\n" not in draft.body
    assert "{" not in draft.subject + draft.body
    assert "  " not in draft.body


def test_every_shipped_email_is_used(catalog: Catalog) -> None:
    used = {step.email.template for playbook in catalog.playbooks.values() for step in playbook.steps if step.email}
    there = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in EMAILS}
    assert there - used == {"milestone/reached"}  # the celebration of any milestone


def test_the_json_schema_is_up_to_date() -> None:
    for place, model in SCHEMAS.items():
        written = (PLAYBOOKS / place).read_text("utf-8")
        assert written == schema_text(model), "run `python -m bot.library.reference`"


def test_the_guide_has_four_parts_whose_sections_and_files_are_there() -> None:
    """Row 4.24: journey map, components, governance, hygiene."""
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    contents, _, text = guide.partition("## Your first playbook")
    parts = re.findall(r"^\*\*(.+?)\*\*: .*", contents, re.MULTILINE)
    assert parts == ["The journey map", "Components", "Governance", "Hygiene"]
    linked = re.findall(r"^- \[(.+?)\]", contents, re.MULTILINE)
    there = re.findall(r"^## (.+)$", "## Your first playbook" + text, re.MULTILINE)
    assert sorted(linked) == sorted(set(there) - {"Reference"})
    named = [name for name in re.findall(r"`([a-z-]+(?:/|\.yaml))`", contents) if name != "playbooks/"]
    assert [name for name in named if not (PLAYBOOKS / name).exists()] == []


def test_the_authoring_reference_is_up_to_date() -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    assert guide == with_reference(guide), "run `python -m bot.library.reference`"


def test_the_walk_through_of_the_docs_makes_a_playbook_that_loads(tmp_path: Any) -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    walk = guide.partition("## Your first playbook")[2].partition("\n## ")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", walk, re.DOTALL)
    (tmp_path / "metrics.yaml").write_text((PLAYBOOKS / "metrics.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "expansion").mkdir()
    (tmp_path / "expansion" / "reference-call.yaml").write_text("".join(blocks), "utf-8")
    catalog = Library(tmp_path, TEMPLATES).load()
    assert [str(problem) for problem in catalog.problems] == []
    assert [step.key for step in catalog.playbooks["reference-call"].steps] == [
        "ask-the-champion",
        "introduce",
        "check-use",
    ]


def test_the_email_of_the_docs_renders(catalog: Catalog) -> None:
    guide = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    (text,) = re.findall(r"```\n(Subject: .*?)```", guide, re.DOTALL)
    template: EmailTemplate = parse_email(text)
    assert render_email(template, full_context(catalog)).sendable


# --- what the playbooks promise ---------------------------------------------------------------------------------------


def test_the_hand_off_is_a_gate_with_required_fields(catalog: Catalog) -> None:
    playbook = catalog.playbooks["basic-onboarding"]
    handoff = playbook.step("sales-handoff")
    assert handoff.role == "ae"
    assert sum(question.required for question in handoff.questions) >= 5
    others = [step for step in playbook.steps if step.key != "sales-handoff"]
    assert all(step.needs for step in others)


def test_the_renewal_starts_120_days_ahead_and_reviews_90_days_ahead(catalog: Catalog) -> None:
    playbook = catalog.playbooks["renewal-120"]
    (trigger,) = playbook.triggers
    assert (trigger.on, str(playbook.step("readiness").due)) == ("anchor", "renewal_date - 120d")
    review = playbook.step("hold-ebr")
    assert str(review.due) == "renewal_date - 90d"
    assert "contract-terms" in review.needs
    terms = {question.key: question.required for question in playbook.step("contract-terms").questions}
    assert all(terms[key] for key in ("terms", "decision_maker", "sponsor", "signatory"))


def test_signing_the_renewal_moves_the_account_on(catalog: Catalog) -> None:
    signed, lost = catalog.playbooks["renewal-120"].step("sign-renewal").outcomes
    assert (signed.stage, lost.stage) == (Stage.ADOPTION, Stage.CHURNED)


def test_the_usage_ladder_stops_when_usage_recovers(catalog: Catalog) -> None:
    playbook = catalog.playbooks["usage-drop"]
    checks = [playbook.step(key) for key in ("day-4-check", "day-9-check")]
    assert [str(step.due) for step in checks] == ["4d", "9d"]
    assert all(step.outcomes[-1].then == "complete_run" for step in checks)


def test_onboarding_escalation_gives_three_people_their_part_at_once(catalog: Catalog) -> None:
    playbook = catalog.playbooks["onboarding-escalation"]
    at_once = {step.role for step in playbook.steps if not step.needs}
    assert at_once == {"csm", "ae", "leader"}
    assert [step.key for step in steps_of(playbook, StepKind.ESCALATION)] == ["raise"]


def test_the_new_admin_gets_emails_on_day_0_3_and_5(catalog: Catalog) -> None:
    playbook = catalog.playbooks["new-admin"]
    assert playbook.subject == "contact"
    assert [str(step.due) for step in steps_of(playbook, StepKind.EMAIL)] == ["0d", "3d", "5d"]


def comes_back(trigger: Trigger) -> bool:
    return trigger.on == "quarter_end" or (trigger.on == "recurring" and trigger.every != "year")


def test_what_comes_back_within_a_year_reaches_no_milestone(catalog: Catalog) -> None:
    """An account reaches a milestone once, so that the second quarter's would be neither recorded nor celebrated."""
    again = [p for p in catalog.playbooks.values() if any(comes_back(trigger) for trigger in p.triggers)]
    assert {"qbr", "health-check", "monthly-check-in"} <= {playbook.key for playbook in again}
    outcomes = [outcome for playbook in again for step in playbook.steps for outcome in step.outcomes]
    assert outcomes
    assert [outcome.milestone for outcome in outcomes if outcome.milestone] == []
