"""What differs between two versions of a playbook, and what becomes of the files of an installation. Both are pure."""

from typing import Any

import pytest

from bot.engine.governance.syncing import Add, Revive, Withdraw, decide_sync
from bot.library.changes import Change, Told, compare
from bot.library.contents import Document, document_of
from bot.library.schema import dump
from bot.library.standing import StoredVersion
from bot.models import DocumentKind, VersionStatus
from bot.slack.version_words import change_lines
from tests.support.world import make_playbook

ONE, TWO, THREE = {"key": "one"}, {"key": "two"}, {"key": "three"}


def content(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return dump(make_playbook(*(steps or (ONE, TWO, THREE)), **changes))


def test_the_same_content_has_no_changes() -> None:
    assert compare(content(), content()) == []


def test_a_playbook_without_a_former_version_has_nothing_to_compare_with() -> None:
    assert compare(None, content()) == []


def test_steps_are_told_apart_by_their_keys() -> None:
    changes = compare(content(ONE, TWO), content(ONE, THREE))
    assert changes == [Change(Told.ADDED, "Three", after="csm, 0d"), Change(Told.REMOVED, "Two")]


@pytest.mark.parametrize(
    ("field", "value", "told", "before", "after"),
    [
        ("title", "Another", Told.REWORDED, "One", "Another"),
        ("due", "2w", Told.RETIMED, "0d", "2w"),
        ("role", "ae", Told.RECAST, "csm", "ae"),
        ("guidance", "Call them.", Told.CHANGED, None, "Call them."),
        ("optional", True, Told.CHANGED, "no", "yes"),
        ("informed", ["ae", "leader"], Told.CHANGED, None, "ae, leader"),
        ("overdue_after", "5bd", Told.CHANGED, "2bd", "5bd"),
    ],
)
def test_a_field_of_a_step_is_told_with_what_it_was(
    field: str, value: Any, told: Told, before: str | None, after: str
) -> None:
    [change] = compare(content(ONE), content({**ONE, field: value}))
    assert (change.told, change.field, change.before, change.after) == (told, field, before, after)


def test_steps_in_another_order_are_told_by_what_they_come_after() -> None:
    changes = compare(content(ONE, TWO, THREE), content(TWO, ONE, THREE))
    assert changes == [Change(Told.REORDERED, "One", after="Two")]


def test_an_added_step_in_between_moves_no_other() -> None:
    assert [c.told for c in compare(content(ONE, THREE), content(ONE, TWO, THREE))] == [Told.ADDED]


def test_what_the_playbook_says_of_itself_is_compared_too() -> None:
    changes = compare(content(), content(title="New", success="They renew.", owners={"journey": "ae"}))
    assert [(change.step, change.field) for change in changes] == [
        (None, "title"),
        (None, "success"),
        (None, "owners"),
    ]


def test_a_field_this_version_does_not_know_is_compared_as_it_is_written() -> None:
    [change] = compare({**content(), "colour": "red"}, {**content(), "colour": "blue"})
    assert (change.field, change.before, change.after) == ("colour", "red", "blue")


def test_what_authors_write_cannot_call_anybody_from_a_change_message() -> None:
    change = Change(Told.REWORDED, "<!channel>", "title", "<!here>", "<@U123> & *bold*")
    [line] = change_lines([change])
    assert "<" not in line
    assert "&lt;@U123&gt; &amp; " in line


def test_long_texts_are_shortened_in_a_message_and_whole_in_the_command() -> None:
    change = Change(Told.CHANGED, "One", "guidance", "a " * 500, "b " * 500)
    assert len(change_lines([change])[0]) < 700
    assert len(change_lines([change], 1300)[0]) > 1900


# --- files and versions -----------------------------------------------------------------------------------------------

A, B = document_of(make_playbook(ONE)), document_of(make_playbook(ONE, TWO))


def stored(document: Document, status: VersionStatus, number: int = 1) -> StoredVersion:
    return StoredVersion(number, DocumentKind.PLAYBOOK, document.key, number, document.digest, status)


APPROVED_A = stored(A, VersionStatus.APPROVED)
DRAFT_B = stored(B, VersionStatus.DRAFT, 2)


def test_the_first_comparison_approves_what_is_on_file() -> None:
    assert decide_sync({A.key: A}, [], first=True) == [Add(A, VersionStatus.APPROVED)]


def test_an_installation_from_before_approvals_keeps_what_is_on_file() -> None:
    old = stored(A, VersionStatus.SUPERSEDED)
    assert decide_sync({A.key: A}, [old], first=True) == [Revive(old, VersionStatus.APPROVED)]


@pytest.mark.parametrize(
    ("document", "versions", "expected"),
    [
        (A, [], [Add(A, VersionStatus.DRAFT)]),
        (A, [APPROVED_A], []),
        (B, [APPROVED_A], [Add(B, VersionStatus.DRAFT)]),
        (B, [APPROVED_A, DRAFT_B], []),
        (A, [APPROVED_A, DRAFT_B], [Withdraw(DRAFT_B, "the file says again what is approved")]),
        (None, [APPROVED_A, DRAFT_B], [Withdraw(DRAFT_B, "the file was deleted")]),
        (None, [APPROVED_A], []),
        (B, [APPROVED_A, stored(B, VersionStatus.REJECTED, 2)], []),
        (
            B,
            [APPROVED_A, stored(B, VersionStatus.SUPERSEDED, 2)],
            [Revive(stored(B, VersionStatus.SUPERSEDED, 2), VersionStatus.DRAFT)],
        ),
    ],
)
def test_a_file_is_compared_with_its_versions(
    document: Document | None, versions: list[StoredVersion], expected: list[Any]
) -> None:
    files = {document.key: document} if document else {}
    assert decide_sync(files, versions, first=False) == expected
