"""The figures as one picture: detectors, time by number of faces, time by size of frame."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.benchmarks.pipelines import BY_FACES, BY_SIZE
from tests.benchmarks.rounds import Row
from tests.benchmarks.sides import (
    EVERY_FACE,
    FER,
    ORIGINAL_CALL,
    ORIGINAL_PREDICT,
    SAME_MODELS,
    SCHEDULED,
    SCHEDULED_THIRD,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tests.benchmarks.frames import Room

STYLES = {
    SCHEDULED: ("#0b5394", "o-"),
    SCHEDULED_THIRD: ("#0b5394", "o--"),
    EVERY_FACE: ("#3d85c6", "s-"),
    SAME_MODELS: ("#6fa8dc", "^-"),
    ORIGINAL_CALL: ("#a61c00", "o-"),
    ORIGINAL_PREDICT: ("#a61c00", "o--"),
    FER: ("#e69138", "s-"),
}
"""Side -> colour and line: ours blue, others not."""


def chart(detectors: Sequence[Row], pipelines: Sequence[Row]) -> bytes:
    """A PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    _bars(left, [row for row in detectors if row.width == 640])
    _lines(middle, pipelines, BY_FACES, [str(room.faces) for room in BY_FACES])
    middle.set_xlabel("faces in a frame of 1280x720")
    _lines(right, pipelines, BY_SIZE, [f"{room.width}x{room.height}" for room in BY_SIZE])
    right.set_xlabel("frame, four faces")
    handles, labels = middle.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def _bars(axes: Axes, rows: Sequence[Row]) -> None:
    names = list(dict.fromkeys(row.side for row in rows))
    for shift, threads, colour in ((-0.2, 1, "#6fa8dc"), (0.2, 0, "#0b5394")):
        at = {row.side: row.p50 for row in rows if row.threads == threads}
        places = [i + shift for i, name in enumerate(names) if name in at]
        times = [at[name] for name in names if name in at]
        bars = axes.barh(places, times, 0.38, color=colour, label="all threads" if threads == 0 else "1 thread")
        axes.bar_label(bars, fmt="%.0f", padding=2)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("detector alone, 640x480: ms a frame, median")
    axes.margins(x=0.12)
    axes.legend(frameon=False)


def _lines(axes: Axes, rows: Sequence[Row], rooms: Sequence[Room], labels: Sequence[str]) -> None:
    at = {(row.side, row.faces, row.width): row.seconds * 1e3 for row in rows}
    for side, (colour, line) in STYLES.items():
        places = [i for i, room in enumerate(rooms) if (side, room.faces, room.width) in at]
        if places:
            times = [at[side, rooms[i].faces, rooms[i].width] for i in places]
            axes.plot(places, times, line, color=colour, label=side)
    axes.set_yscale("log")
    axes.set_xticks(range(len(rooms)), labels)
    axes.set_ylabel("ms a frame")
    axes.grid(axis="y", alpha=0.3)
