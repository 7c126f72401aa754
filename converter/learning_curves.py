"""How training went, as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

Curves = Mapping[str, Sequence[float]]
"""Name -> value by epoch."""


def draw_curves(title: str, panels: Mapping[str, Curves]) -> bytes:
    """A PNG with one panel beside the other, each with its curves over the epochs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(5 * len(panels), 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for place, (name, curves) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), place)
        for label, values in curves.items():
            axes.plot(range(1, len(values) + 1), values, label=label, marker="." if len(values) < 3 else "")
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, metadata={"Software": None})  # the version would change the bytes
    return png.getvalue()
