"""Identification as a picture: who is named at which threshold, and what that lets in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any


def identification_chart(measured: Mapping[str, Any]) -> bytes:
    """The PNG of `evaluate identification`: TPIR against FPIR for faces of every size, the shipped threshold marked."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    sizes = {"full size": measured, **{f"{size} px": each for size, each in measured.get("by_size", {}).items()}}
    for name, each in sizes.items():
        # Where no stranger is named a logarithmic axis ends.
        points = [point for point in each["curve"] if point["fpir"] > 0]
        (line,) = axes.plot([point["fpir"] for point in points], [point["tpir"] for point in points], label=name)
        shipped = each["shipped"]
        if shipped["fpir"]["share"] > 0:
            axes.plot(shipped["fpir"]["share"], shipped["tpir"]["share"], "o", color=line.get_color())
    axes.axvline(0.01, color="black", linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    axes.set_xlabel("FPIR: strangers' pictures that are given a name")
    axes.set_ylabel("TPIR: enrolled people's that are given theirs")
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    axes.grid(alpha=0.3)
    axes.legend(title="face height", loc="lower right")
    axes.set_title(
        f"{measured['enrolled']} people enrolled from {measured['enrolled_from']} pictures, "
        f"{measured['strangers']} strangers; dots: as shipped",
        fontsize=10,
    )
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=100, metadata={"Software": None})  # the version would change the bytes
    return png.getvalue()


def _percent(share: float, _: int | None) -> str:
    return f"{100 * share:g}%"
