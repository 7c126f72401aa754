"""A picture of clips: how tired each face looked, and when the reporter said so. It shows no face."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.yawning.spans import Span
from tests.yawning.watching import REFUSALS, Watched

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = ("#2a6fb0", "#b0562a", "#4d8f4d", "#7a5aa6")
"""Of the faces in order of their tracks, again from the first after the last."""
SAID, YAWN = "#e8b84a", "#444444"
MARKS = {"away": "<", "up": "^", "down": "v"}
_FLOOR = -0.08
"""Where the marks of refused readings lie."""


def timeline(clips: Sequence[Watched], yawns: Sequence[Span] = ()) -> bytes:
    """A PNG with a row for each clip; yawns: of all of them, where the eye saw some."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.6 + 2.6 * len(clips)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(clips), 1, squeeze=False)[:, 0]
    for axes, watched in zip(rows, clips, strict=True):
        _draw(axes, watched, yawns)
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, metadata={"Software": None})  # the version would change the bytes
    return png.getvalue()


def _draw(axes: Axes, watched: Watched, yawns: Sequence[Span]) -> None:
    for number, report in enumerate(watched.tired_reports):
        label = "published: tired" if number == 0 else None
        axes.axvspan(report.span.begin, report.span.end, color=SAID, alpha=0.45, linewidth=0, label=label)
    for number, yawn in enumerate(yawns):
        label = "a yawn, by eye" if number == 0 else None
        axes.plot((yawn.begin, yawn.end), (1.06, 1.06), color=YAWN, linewidth=4, solid_capstyle="butt", label=label)
    for number, student in enumerate(sorted({reading.student for reading in watched.readings})):
        taken = [reading for reading in watched.taken if reading.student == student]
        colour = LINES[number % len(LINES)]
        axes.plot([r.at for r in taken], [r.tired for r in taken], ".-", color=colour, label=f"{student}: P(tired)")
    for refusal in REFUSALS:
        for called, colour in ((True, "black"), (False, "white")):
            times = [r.at for r in watched.refused if r.refused == refusal and r.called_tired() == called]
            if times:
                label = f"refused: looks {refusal}, called {'tired' if called else 'otherwise'}"
                marks = axes.plot(times, [_FLOOR] * len(times), MARKS[refusal], color="black", label=label)
                marks[0].set_markerfacecolor(colour)
    axes.axhline(watched.confidence, color="black", linewidth=0.8, linestyle=":", label="counts as tired from here")
    axes.set_xlim(0, watched.seconds)
    axes.set_ylim(-0.15, 1.12)
    axes.set_xlabel("seconds of the clip")
    axes.set_ylabel("probability of tired")
    axes.set_title(watched.name)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)
