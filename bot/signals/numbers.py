"""Measured numbers in words."""

from bot.library.metrics import MetricUnit

SAME = 0.005  # a change by less than half a percent is called no change
WHOLE_FROM = 10  # from here on decimals say nothing


def change_words(now: float, before: float) -> str:
    """`-35 %`, `+4 %`, `no change`."""
    change = now / before - 1
    return "no change" if abs(change) < SAME else f"{'+' if change > 0 else '-'}{abs(change):.0%}".replace("%", " %")


def number_words(number: float, unit: MetricUnit = MetricUnit.COUNT) -> str:
    """`1,200`, `7.4`, `12 days`, `85 %`."""
    near = round(number, 1) if abs(number) < WHOLE_FROM else round(number)
    words = f"{near:,.0f}" if near == int(near) else f"{near:,.1f}"
    if unit is MetricUnit.PERCENT:
        return f"{words} %"
    if unit in {MetricUnit.DAYS, MetricUnit.HOURS}:
        return f"{words} {unit.value[:-1] if near == 1 else unit.value}"
    return words


def in_sentence(title: str) -> str:
    """A title as it stands inside a sentence: `active users`, but `NPS answers`."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
