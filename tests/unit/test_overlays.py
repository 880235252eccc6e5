"""Laying overlays on a playbook (rows 0.2, 0.8, 0.9, 0.13, 1.39, 3.4, 3.17, 4.43, 4.64)."""

import json
from typing import Any

import pytest

from bot.library.comparing import Change, compare, shaper
from bot.library.offsets import Offset
from bot.library.overlays import Overlay, dump_overlay
from bot.library.resolving import Resolved, resolve
from bot.library.schema import Mode, Playbook
from bot.library.shaping import HIGH_TOUCH, Source
from bot.library.stretching import added, stretched
from tests.support.world import make_playbook

PLAYBOOK = make_playbook(
    {"key": "welcome", "kind": "email", "due": "2bd", "email": {"template": "onboarding/welcome", "to": ["champion"]}},
    {"key": "kickoff", "due": "welcome + 3bd", "needs": ["welcome"]},
    {"key": "training", "due": "kickoff + 1w", "needs": ["kickoff"], "role": "specialist"},
    {
        "key": "go-live",
        "due": "go_live_date - 10d",
        "needs": ["training"],
        "outcomes": [
            {"key": "live", "label": "Live", "milestone": "go-live", "stage": "adoption"},
            {"key": "stalled", "label": "Stalled", "not_applicable": ["training"]},
        ],
    },
    key="onboard",
    exit_criteria=[{"key": "used", "label": "It is used"}],
)


def overlay(key: str = "special", **changes: Any) -> Overlay:
    base = {"key": key, "title": key.title(), "summary": "For a test.", "playbooks": ["onboard"]}
    return Overlay.model_validate({**base, **changes})


def account(**facts: Any) -> dict[str, Any]:
    return {"account": {"touch": "low", "segment": "smb", "attributes": {}, "team": ["csm"], **facts}}


def laid_on(*overlays: Overlay, playbook: Playbook = PLAYBOOK, **facts: Any) -> Resolved:
    return resolve(playbook, overlays, account(**facts))


def why_refused(*overlays: Overlay) -> str:
    result = laid_on(*overlays)
    (refusal,) = result.refused
    return refusal.why


# --- which overlays apply ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ('account.entry_reason == "upgrade"', {"entry_reason": "upgrade"}),  # row 0.2
        ('account.segment == "enterprise"', {"segment": "enterprise"}),  # row 0.8
        ("account.maturity >= 4", {"maturity": 4}),
        ("account.attributes.merger == true", {"attributes": {"merger": True}}),
        ('"support" in account.team', {"team": ["csm", "support"]}),  # row 3.4
        ('account.industry == "Banking" && account.country == "DE"', {"industry": "Banking", "country": "DE"}),  # 4.64
    ],
)
def test_one_playbook_is_carried_out_differently_where_the_condition_holds(condition: str, facts: Any) -> None:
    special = overlay(when=condition, steps={"kickoff": {"title": "Kick it off"}})
    assert laid_on(special, **facts).playbook.step("kickoff").title == "Kick it off"
    elsewhere = laid_on(special)
    assert elsewhere.playbook is PLAYBOOK
    assert elsewhere.applied == ()


def test_an_overlay_of_other_playbooks_changes_nothing() -> None:
    assert not laid_on(overlay(playbooks=["renewal"], steps={"kickoff": {"title": "X"}})).changed


@pytest.mark.parametrize("about", [{"playbooks": ["all"]}, {"playbooks": [], "categories": ["lifecycle"]}])
def test_an_overlay_can_be_about_all_playbooks_or_a_category(about: dict[str, Any]) -> None:
    assert laid_on(overlay(**about, steps={"kickoff": {"title": "X"}})).changed


def test_a_step_can_be_named_within_one_playbook() -> None:
    exact = overlay(
        playbooks=["all"], steps={"onboard/kickoff": {"title": "Here"}, "renewal/kickoff": {"title": "There"}}
    )
    assert laid_on(exact).playbook.step("kickoff").title == "Here"


def test_a_condition_that_cannot_be_evaluated_leaves_its_overlay_out_and_says_so() -> None:
    broken = overlay("broken", when="account.attributes.seats > 5", steps={"kickoff": {"title": "X"}})
    result = laid_on(broken, overlay(steps={"training": {"title": "Y"}}), attributes={"seats": "many"})
    assert [each.overlay for each in result.refused] == ["broken"]
    assert result.playbook.step("training").title == "Y"


# --- what an overlay can change ---------------------------------------------------------------------------------------


def test_wording_channel_role_and_timing_of_a_step_are_replaced_and_the_rest_stays() -> None:
    """Row 0.8."""
    change = {"title": "Meet them", "guidance": "Go there.", "role": "leader", "channel": "on_site", "due": "9bd"}
    step = laid_on(overlay(steps={"kickoff": change})).playbook.step("kickoff")
    assert (step.title, step.guidance, step.role, step.channel, str(step.due)) == (
        "Meet them", "Go there.", "leader", "on_site", "9bd",
    )  # fmt: skip
    assert step.needs == ["welcome"]


def test_the_template_of_an_email_is_replaced_and_its_addressees_stay() -> None:
    email = (
        laid_on(overlay(steps={"welcome": {"email": {"template": "onboarding/hello"}}})).playbook.step("welcome").email
    )
    assert email
    assert (email.template, email.to) == ("onboarding/hello", ["champion"])


def test_null_puts_a_field_back_to_its_default() -> None:
    assert laid_on(overlay(steps={"training": {"role": None}})).playbook.step("training").role == "csm"


def test_a_mail_that_becomes_a_call_loses_its_template() -> None:
    """Row 4.41: calls instead of mails."""
    step = laid_on(overlay(steps={"welcome": {"kind": "meeting", "channel": "call"}})).playbook.step("welcome")
    assert (step.kind, step.email) == ("meeting", None)


def test_an_email_step_can_be_made_automatic() -> None:
    """Row 1.39: the mode."""
    assert laid_on(overlay(steps={"welcome": {"mode": "automatic"}})).playbook.step("welcome").mode is Mode.AUTOMATIC


def test_the_words_of_the_playbook_are_replaced_and_exit_criteria_reworded_by_key() -> None:
    criteria = [{"key": "used", "label": "Used daily"}, {"key": "known", "label": "Known"}]
    wording = {"onboard": {"success": "They do it alone.", "exit_criteria": criteria}}
    playbook = laid_on(overlay(wording=wording)).playbook
    assert playbook.success == "They do it alone."
    assert [(each.key, each.label) for each in playbook.exit_criteria] == [("used", "Used daily"), ("known", "Known")]


def test_added_steps_stand_behind_the_step_they_name_in_the_order_they_are_written() -> None:
    more = [
        {"key": "survey", "title": "Ask", "due": "1bd", "after": "kickoff"},
        {"key": "plan", "title": "Plan", "due": "kickoff + 2bd", "needs": ["kickoff"], "after": "onboard/kickoff"},
    ]
    playbook = laid_on(overlay(add=more)).playbook
    assert [step.key for step in playbook.steps] == ["welcome", "kickoff", "survey", "plan", "training", "go-live"]


def test_what_waited_for_a_step_that_is_left_out_waits_for_what_that_one_waited_for() -> None:
    result = laid_on(overlay(leave_out=["kickoff", "training"]))
    assert [step.key for step in result.playbook.steps] == ["welcome", "go-live"]
    assert result.playbook.step("go-live").needs == ["welcome"]
    assert result.playbook.step("go-live").outcomes[1].not_applicable == []


def test_what_was_due_relative_to_a_step_that_is_left_out_is_due_relative_to_what_that_one_hung_on() -> None:
    training = laid_on(overlay(leave_out=["kickoff"])).playbook.step("training")
    assert str(training.due) == "welcome + 11d"  # 3 business days and a week
    assert training.needs == ["welcome"]


def test_stretching_multiplies_distances_from_the_start_and_between_steps_but_not_from_a_date_of_the_account() -> None:
    """Row 4.43."""
    slow = laid_on(overlay(stretch=1.5)).playbook
    assert [str(step.due) for step in slow.steps] == [
        "3bd", "welcome + 5bd", "kickoff + 11d", "go_live_date - 10d",
    ]  # fmt: skip
    anchored = laid_on(overlay(stretch=1.5, stretch_anchors=True)).playbook
    assert str(anchored.step("go-live").due) == "go_live_date - 15d"


def test_a_date_that_an_overlay_writes_is_meant_as_it_is_written() -> None:
    result = laid_on(overlay("slow", stretch=2), overlay("exact", steps={"kickoff": {"due": "welcome + 3bd"}}))
    assert str(result.playbook.step("kickoff").due) == "welcome + 3bd"
    assert str(result.playbook.step("welcome").due) == "4bd"


@pytest.mark.parametrize(
    ("offset", "factor", "expected"),
    [
        ("1bd", 0.25, "1bd"),
        ("-1d", 0.25, "-1d"),
        ("0d", 4, "0d"),
        ("5bd", 1.5, "8bd"),
        ("2w", 1.5, "3w"),
        ("1w", 0.25, "2d"),
    ],
)
def test_a_stretched_distance_is_whole_and_never_nothing(offset: str, factor: float, expected: str) -> None:
    assert str(stretched(Offset.parse(offset), factor)) == expected


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [("3bd", "2bd", "5bd"), ("1w", "3d", "10d"), ("-90d", "2bd", "-87d"), ("0d", "2w", "2w"), ("2w", "0bd", "2w")],
)
def test_distances_one_after_the_other_add_up(first: str, second: str, total: str) -> None:
    assert str(added(Offset.parse(first), Offset.parse(second))) == total


# --- what no overlay can change ---------------------------------------------------------------------------------------


def test_milestones_stay_the_same_whatever_overlays_say() -> None:
    """Row 0.9."""
    renamed = [{"key": "live", "label": "Live", "milestone": "first-value", "stage": "adoption"}]
    assert "the outcomes of 'go-live' are the same" in why_refused(overlay(steps={"go-live": {"outcomes": renamed}}))
    assert "reaches the milestone 'go-live'" in why_refused(overlay(leave_out=["go-live"]))
    assert "reaches the milestone 'go-live'" in why_refused(overlay(steps={"go-live": {"optional": True}}))
    assert "reaches the milestone 'go-live'" in why_refused(overlay(steps={"go-live": {"when": "account.arr > 5"}}))


def test_outcomes_can_be_reworded() -> None:
    words = [
        {"key": "live", "label": "First wave live", "milestone": "go-live", "stage": "adoption"},
        {"key": "stalled", "label": "Stalled", "needs_reason": True},
    ]
    step = laid_on(overlay(steps={"go-live": {"outcomes": words}})).playbook.step("go-live")
    assert [outcome.label for outcome in step.outcomes] == ["First wave live", "Stalled"]


def test_an_added_step_reaches_no_milestone() -> None:
    """Row 0.9."""
    outcomes = [{"key": "done", "label": "Done", "milestone": "extra"}]
    with pytest.raises(ValueError, match="would reach the milestone 'extra'"):
        overlay(add=[{"key": "more", "title": "More", "due": "1d", "after": "kickoff", "outcomes": outcomes}])


def test_high_touch_is_never_automatic_whatever_the_files_say() -> None:
    """Row 0.13."""
    automatic = make_playbook({"key": "mail", "kind": "email", "email": {"template": "a/b"}, "mode": "automatic"})
    insisting = overlay(playbooks=["all"], steps={"mail": {"mode": "automatic"}}, priority=1000)
    for overlays in ([], [insisting]):
        result = resolve(automatic, overlays, account(touch="high"))
        assert result.playbook.step("mail").mode is Mode.HUMAN
        assert result.source("mail", "mode") == HIGH_TOUCH
    assert resolve(automatic, [], account(touch="low")).playbook is automatic


# --- overlays that do not go together ---------------------------------------------------------------------------------


def test_of_two_overlays_that_disagree_the_one_with_the_higher_priority_wins_and_it_says_why() -> None:
    weak = overlay("weak", priority=1, steps={"kickoff": {"title": "Weak", "minutes": 5}})
    strong = overlay("strong", priority=2, steps={"kickoff": {"title": "Strong"}})
    for given in ([weak, strong], [strong, weak]):
        result = laid_on(*given)
        assert result.playbook.step("kickoff").title == "Strong"
        assert result.playbook.step("kickoff").minutes == 5
        assert [str(each) for each in result.conflicts] == ["kickoff.title: strong wins over weak (priority 2 over 1)"]
        assert [each.key for each in result.applied] == ["weak", "strong"]


def test_of_equals_the_first_by_key_wins() -> None:
    result = laid_on(*(overlay(key, steps={"kickoff": {"title": key}}) for key in ("b", "a")))
    assert result.playbook.step("kickoff").title == "a"
    assert [each.why for each in result.conflicts] == ["both have the same priority; first by key"]


def test_two_overlays_that_say_the_same_do_not_disagree() -> None:
    assert laid_on(*(overlay(key, steps={"kickoff": {"title": "Same"}}) for key in ("a", "b"))).conflicts == ()


def test_two_overlays_that_change_different_parts_of_an_email_do_not_disagree() -> None:
    parts = ({"template": "onboarding/hello"}, {"to": ["admin"]})
    result = laid_on(*(overlay(f"o{n}", steps={"welcome": {"email": part}}) for n, part in enumerate(parts)))
    email = result.playbook.step("welcome").email
    assert email
    assert (email.template, email.to, result.conflicts) == ("onboarding/hello", ["admin"], ())


@pytest.mark.parametrize(("leaving", "changing", "there"), [(2, 1, False), (1, 2, True)])
def test_whether_a_step_is_left_out_or_changed_is_for_the_stronger_to_say(
    leaving: int, changing: int, there: bool
) -> None:
    without = overlay("without", priority=leaving, leave_out=["training"])
    other = overlay("other", priority=changing, steps={"training": {"title": "Train"}})
    result = laid_on(without, other)
    assert ("training" in {step.key for step in result.playbook.steps}) is there
    assert [(each.step, each.winner) for each in result.conflicts] == [("training", "other" if there else "without")]


def test_of_two_stretches_only_the_stronger_counts() -> None:
    result = laid_on(overlay("twice", stretch=2, priority=1), overlay("half", stretch=0.5))
    assert str(result.playbook.step("welcome").due) == "4bd"
    assert [each.field for each in result.conflicts] == ["stretch"]


def test_an_overlay_that_does_not_go_with_a_stronger_one_is_left_out_and_the_rest_is_used() -> None:
    added_twice = [{"key": "plan", "title": "Plan", "due": "1d", "after": "kickoff"}]
    result = laid_on(overlay("weak", add=added_twice), overlay("strong", priority=1, add=added_twice))
    assert [(each.overlay, each.why) for each in result.refused] == [("weak", "there is a step 'plan' already")]
    assert [each.key for each in result.applied] == ["strong"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"steps": {"kickoff": {"kind": "email"}}}, "a step of `kind: email` has an `email`"),
        ({"steps": {"kickoff": {"needs": ["nothing-like-it"]}}}, "needs 'nothing-like-it', which is not a step here"),
        ({"steps": {"welcome": {"needs": ["training"]}}}, "wait for each other in a circle"),
        ({"steps": {"kickoff": {"title": None}}}, "Field required"),
    ],
)
def test_an_overlay_whose_result_is_no_playbook_is_refused_with_the_reason(changes: Any, why: str) -> None:
    assert why in why_refused(overlay(**changes))


# --- where everything came from ---------------------------------------------------------------------------------------


def test_every_field_says_where_it_was_written() -> None:
    """Row 3.17."""
    extra = {"key": "plan", "title": "Plan", "due": "1bd", "after": "kickoff"}
    result = laid_on(
        overlay("o", steps={"welcome": {"email": {"template": "a/b"}}}, add=[extra], leave_out=["training"])
    )
    assert result.source("welcome", "email.template") == Source("o", ("steps", "welcome", "email", "template"))
    assert result.source("welcome", "email.to") == Source("onboard", ("steps", 0, "email", "to"))
    assert result.source("plan", "due") == Source("o", ("add", 0, "due"))
    assert result.source("go-live", "needs") == Source("o", ("leave_out", 0))
    assert result.source("kickoff", "minutes") is None


def test_the_difference_names_what_is_added_left_out_and_changed_and_by_whom() -> None:
    """Row 3.17."""
    extra = {"key": "plan", "title": "Plan it", "due": "1bd", "after": "kickoff"}
    steps = {"welcome": {"kind": "task"}, "kickoff": {"due": "8bd"}}
    result = laid_on(overlay("o", steps=steps, add=[extra], leave_out=["training"]))
    found = {(each.change, each.step, each.field): each for each in compare(PLAYBOOK, result.playbook)}
    due = found[Change.CHANGED, "kickoff", "due"]
    assert (due.before, due.after) == ("welcome + 3bd", "8bd")
    assert found[Change.ADDED, "plan", ""].after == "Plan it"
    assert (Change.LEFT_OUT, "training", "") in found
    assert (Change.CHANGED, "welcome", "email.template") in found
    assert all(source.document == "o" for each in found.values() if (source := shaper(each, result)))
    assert all(shaper(each, result) for each in found.values())


def test_an_overlay_is_stored_and_read_back_unchanged() -> None:
    written = overlay(steps={"welcome": {"email": {"where": None}, "due": "4bd"}}, stretch=2)
    again = Overlay.model_validate(json.loads(json.dumps(dump_overlay(written))))
    assert again == written
    assert dump_overlay(again) == dump_overlay(written)
