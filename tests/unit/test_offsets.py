import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.library.offsets import START, Due, Offset, Unit

amounts = st.integers(min_value=-9999, max_value=9999)
offsets = st.builds(Offset, amounts, st.sampled_from(Unit))
references = st.from_regex(r"[a-z][a-z0-9_-]{0,30}", fullmatch=True)


@given(offsets)
def test_an_offset_reads_back_as_it_was_written(offset: Offset) -> None:
    assert Offset.parse(str(offset)) == offset


@given(st.builds(Due, references | st.just(START), offsets))
def test_a_due_date_reads_back_as_it_was_written(due: Due) -> None:
    assert Due.parse(str(due)) == due


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0d", Due(START, Offset(0))),
        ("3bd", Due(START, Offset(3, Unit.BUSINESS_DAYS))),
        (" 2w ", Due(START, Offset(2, Unit.WEEKS))),
        ("renewal_date - 90d", Due("renewal_date", Offset(-90))),
        ("kick-off   +   5 bd", Due("kick-off", Offset(5, Unit.BUSINESS_DAYS))),
        ("go_live_date", Due("go_live_date", Offset(0))),
    ],
)
def test_due_dates_are_written_the_way_people_say_them(written: str, meant: Due) -> None:
    assert Due.parse(written) == meant


@pytest.mark.parametrize(
    "written", ["", "soon!", "3", "3 months", "renewal_date -", "- renewal_date", "kickoff + kickoff"]
)
def test_what_is_no_due_date_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValueError, match="renewal_date - 90d"):
        Due.parse(written)


@given(st.text(max_size=40))
def test_any_text_is_either_a_due_date_or_refused(written: str) -> None:
    try:
        due = Due.parse(written)
    except ValueError:
        return
    assert Due.parse(str(due)) == due


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("3bd", "2bd", "5bd"),
        ("-1w", "2d", "-5d"),
        ("1w", "1w", "2w"),
        ("0d", "3bd", "3bd"),
        ("-5bd", "0d", "-5bd"),
        ("3bd", "-1d", None),
        ("1w", "1bd", None),
    ],
)
def test_offsets_add_up_unless_a_calendar_would_be_needed(one: str, other: str, together: str | None) -> None:
    total = Offset.parse(one).plus(Offset.parse(other))
    assert total == (Offset.parse(together) if together else None)
