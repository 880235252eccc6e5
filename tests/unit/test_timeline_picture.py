"""The picture of an account's timeline: lines of text in columns. Row 1.46."""

from datetime import date, timedelta

from bot.slack.tables import WIDTH, Table, code_blocks, text_lines
from bot.slack.timeline_picture import LEGEND, Event, Mark, build_picture

TODAY = date(2026, 3, 2)


def test_months_are_columns_and_playbooks_rows() -> None:
    """Row 1.46."""
    lines = build_picture(
        [
            Event("Basic onboarding", date(2025, 12, 3), Mark.DONE),
            Event("Basic onboarding", date(2025, 12, 9), Mark.DONE),
            Event("Basic onboarding", date(2026, 2, 20), Mark.OVERDUE),
            Event("Basic onboarding", date(2026, 2, 24), Mark.DONE),
            Event("QBR", date(2026, 3, 20), Mark.PLANNED),
            Event("Milestones", date(2026, 1, 10), Mark.REACHED),
            Event("Renewal date", date(2026, 8, 1), Mark.DATE),
        ],
        TODAY,
    )
    assert lines == [
        "                 2025      2026",
        "                 Nov  Dec  Jan  Feb  Mar  Apr  May  Jun  Jul  Aug",
        "today                                ▼",
        "Basic onboarding      ●2        !●",
        "Milestones                 ◆",
        "QBR                                  ○",
        "Renewal date                                                  ▲",
        "",
        *LEGEND,
    ]


def test_a_crowded_month_says_how_many_and_no_line_is_too_long() -> None:
    """Row 1.46."""
    crowd = [Event("A playbook with a long name", TODAY, mark) for mark in Mark for _ in range(30)]
    lines = build_picture(crowd, TODAY)
    assert lines[3].split()[-1] == "!99"
    assert max(map(len, lines)) <= WIDTH


def test_more_playbooks_than_rows_are_counted() -> None:
    lines = build_picture([Event(f"Playbook {n}", TODAY + timedelta(days=n), Mark.PLANNED) for n in range(20)], TODAY)
    assert "and 6 more playbooks" in lines


def test_nothing_in_these_months_is_no_picture() -> None:
    assert build_picture([Event("Old", date(2020, 1, 1), Mark.DONE)], TODAY) == []


def test_a_wide_table_continues_below_with_its_first_column() -> None:
    """Row 1.44: a code block in Slack shows some 70 columns."""
    table = Table(("playbook", *(f"stage-{n}" for n in range(12))), (("basic-onboarding", *range(12)),))
    lines = text_lines(table)
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.startswith("basic-onboarding") for line in lines) == 3


def test_no_cell_ends_its_code_span() -> None:
    (block,) = code_blocks(["a ` <!channel>", "", "  b"])
    assert block["text"]["text"] == "`a\xa0'\xa0&lt;!channel&gt;`\n\n`\xa0\xa0b`"


def test_many_lines_become_several_blocks_within_the_limit() -> None:
    blocks = code_blocks(["&" * 60] * 100)
    assert len(blocks) > 5
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks)
