"""Pictures of an account as PNG: its health over time, and its touchpoints along the life cycle.

Drawing takes a part of a second and the drawing library takes longer to load: import it here only, and call these in a
thread.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.reports.health_history import Happening, HealthHistory
from bot.slack.text import shorten
from bot.slack.timeline_picture import ROWS, Event, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, DOTS = 9.0, 110  # inches, and dots an inch
INK, FAINT, LINE = "#1d2433", "#8a93a6", "#24527a"
BANDS = {"red": "#f8d7d3", "yellow": "#fbeec9", "green": "#d9efdc"}
LOOKS: dict[Mark, tuple[str, str, str]] = {  # marker, colour, what it means
    Mark.DONE: ("o", "#3b7d4f", "done"),
    Mark.PLANNED: ("o", "white", "planned"),
    Mark.OVERDUE: ("X", "#c0392b", "overdue"),
    Mark.LEFT_OUT: ("s", FAINT, "left out"),
    Mark.REACHED: ("D", "#3b7d4f", "milestone reached"),
    Mark.AHEAD: ("D", "white", "milestone ahead"),
    Mark.MISSED: ("X", "#7d3c98", "milestone missed"),
    Mark.DATE: ("^", LINE, "a date"),
}
BEYOND = 0x2190  # from here on the font has few of the signs: arrows, emoji, other scripts
BACK, AHEAD = timedelta(days=125), timedelta(days=155)  # around today, in the picture of the timeline

_drawing = Lock()  # the library keeps fonts and settings for the whole process


def draw_health(history: HealthHistory) -> bytes:
    """The curve over the bands, with what happened numbered on it and told below. Needs at least one score."""
    with _drawing:
        figure = _figure(3.6 + 0.19 * -(-len(history.happenings) // 2))
        axes = figure.add_axes((0.06, _below(figure, history), 0.91, 3.0 / figure.get_figheight()))
        _bands(axes, history)
        days, scores = zip(*history.scores, strict=True)
        axes.plot(days, scores, color=LINE, linewidth=2)
        axes.plot(days[-1:], scores[-1:], "o", color=LINE)
        axes.annotate(str(scores[-1]), (days[-1], scores[-1]), xytext=(6, 4), textcoords="offset points", color=INK)
        for number, one in enumerate(history.happenings, start=1):
            _numbered(axes, number, one, history)
        _tell_below(figure, history.happenings)
        axes.set_title(f"{_plain(history.name)}: health", loc="left", color=INK, fontsize=12, fontweight="bold")
        axes.set_ylim(0, 100)
        axes.set_xlim(days[0] - timedelta(days=1), days[-1] + timedelta(days=4))
        _days_along(axes)
        return _png(figure)


def draw_timeline(name: str, events: Sequence[Event], today: date) -> bytes:
    """Playbooks as rows, their touchpoints, milestones and dates as marks. Needs an event near today."""
    shown = near(events, today)
    rows = list(dict.fromkeys(event.row for event in sorted(shown, key=lambda event: event.on)))[:ROWS]
    with _drawing:
        height = 1.5 + 0.34 * len(rows)
        figure = _figure(height)
        axes = figure.add_axes((0.22, 0.85 / height, 0.75, (height - 1.3) / height))
        axes.axvline(_day(today), color="#c0392b", linewidth=1)
        axes.annotate("today", (_day(today), 1), xycoords=("data", "axes fraction"), color="#c0392b", fontsize=8)
        for mark, (marker, colour, meaning) in LOOKS.items():
            placed = [event for event in shown if event.mark is mark and event.row in rows]
            if placed:
                days, lanes = [_day(event.on) for event in placed], [rows.index(event.row) for event in placed]
                edge = INK if colour == "white" else colour
                axes.scatter(days, lanes, marker=marker, c=colour, edgecolors=edge, s=46, label=meaning, zorder=3)
        axes.set_yticks(range(len(rows)), [shorten(_plain(row), 26) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(_day(today - BACK), _day(today + AHEAD))
        axes.grid(axis="y", color="#e3e6ec", zorder=0)
        axes.set_title(f"{_plain(name)}: timeline", loc="left", color=INK, fontsize=12, fontweight="bold")
        figure.legend(loc="lower left", ncols=4, frameon=False, fontsize=8, bbox_to_anchor=(0.2, 0))
        _days_along(axes)
        return _png(figure)


def near(events: Sequence[Event], today: date) -> list[Event]:
    """Those that the picture of the timeline shows."""
    return [event for event in events if today - BACK <= event.on <= today + AHEAD]


# --- the parts --------------------------------------------------------------------------------------------------------


def _figure(height: float) -> "Figure":
    from matplotlib.figure import Figure  # takes a second, and few processes ever draw

    return Figure(figsize=(WIDTH, height), dpi=DOTS, facecolor="white")


def _png(figure: "Figure") -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # see _figure

    target = BytesIO()
    FigureCanvasAgg(figure).print_png(target)  # type: ignore[no-untyped-call]  # theirs
    return target.getvalue()


def _below(figure: "Figure", history: HealthHistory) -> float:
    """Where the axes begin: above the lines that tell what happened."""
    return float((0.35 + 0.19 * -(-len(history.happenings) // 2)) / figure.get_figheight())


def _bands(axes: "Axes", history: HealthHistory) -> None:
    for band, low, high in (
        ("red", 0, history.yellow),
        ("yellow", history.yellow, history.green),
        ("green", history.green, 100),
    ):
        axes.axhspan(low, high, color=BANDS[band], linewidth=0)


def _numbered(axes: "Axes", number: int, one: Happening, history: HealthHistory) -> None:
    score = next(score for day, score in reversed(history.scores) if day <= one.on)
    axes.axvline(_day(one.on), color=FAINT, linewidth=0.6, linestyle=":")
    look: dict[str, Any] = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": LINE, "linewidth": 0.8}
    above = min(score + 9, 94) if number % 2 else max(score - 9, 6)
    axes.text(_day(one.on), above, str(number), ha="center", va="center", fontsize=7, color=INK, bbox=look)


def _tell_below(figure: "Figure", happenings: Sequence[Happening]) -> None:
    """In two columns, in the order of their numbers."""
    half = -(-len(happenings) // 2)
    for place, one in enumerate(happenings):
        column, line = divmod(place, half)
        words = shorten(f"{place + 1}  {one.on.day} {one.on:%b}  {_plain(one.words)}", 72)
        top = (0.19 * (half - line) + 0.02) / figure.get_figheight()
        figure.text(0.06 + 0.47 * column, top, words, fontsize=7.5, color=INK, va="top")


def _days_along(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # see _figure

    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]  # theirs
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]  # theirs
    axes.tick_params(colors=INK, labelsize=8, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _day(day: date) -> Any:
    """A day as the drawing library takes it; its own types do not know that it does."""
    return day


def _plain(text: str) -> str:
    """Dollar signs would begin a formula, and what the font lacks would be boxes."""
    shown = "".join(sign for sign in text if sign.isspace() or (sign.isprintable() and ord(sign) < BEYOND))
    return " ".join(shown.split()).replace("$", r"\$")
