"""Comparisons as pictures: who is called what, and how long it takes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from converter.report import ratio_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

FLOAT, QUANTIZED = "#7f8c9b", "#2a6fb0"
"""Colours of the two models, told apart in grey as well."""


def comparison_chart(comparison: Mapping[str, Any]) -> bytes:
    """The PNG of `evaluate model`: confusion matrices side by side, or cosines of embeddings; latency bars."""
    figures = comparison["figures"]
    figure = _figure(16, 5)
    if "confusion" in figures["float"]:
        left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": (1, 1, 1.15)})
        for axes, key in ((left, "float"), (middle, "quantized")):
            _confusion(axes, figures[key]["confusion"], figures["classes"])
            axes.set_title(f"{key}: accuracy {figures[key]['accuracy']:.1%}, macro-F1 {figures[key]['macro_f1']:.3f}")
    else:
        left, right = figure.subplots(1, 2)
        _shares(left, figures)
    _latency(right, comparison["latency"])
    figure.suptitle(
        f"{comparison['model']}, {comparison['recipe']}: {comparison['size']['quantized'] / 1e6:.2f} MB, "
        f"{comparison['size']['ratio']:.0%} of the float model's size",
        fontweight="bold",
    )
    return _png(figure)


def sweep_chart(sweep: Mapping[str, Any]) -> bytes:
    """The PNG of `sweep`: size and latency of each recipe."""
    rows = sweep["rows"]
    figure = _figure(16, 5)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (1, 2)})
    places = np.arange(len(rows))
    names = [row["recipe"] for row in rows]
    left.barh(places, [row["size"]["quantized"] / 1e6 for row in rows], color=QUANTIZED)
    for place, row in zip(places, rows, strict=True):
        left.text(row["size"]["quantized"] / 1e6, place, f" {row['size']['quantized'] / 1e6:.2f}", va="center")
    left.set_yticks(places, names)
    left.invert_yaxis()
    left.margins(x=0.15)
    left.set_xlabel("size, MB")
    groups = list(dict.fromkeys((t["runtime"], t["threads"]) for row in rows for t in row["latency"]))
    _bars(right, groups, names, [row["latency"] for row in rows])
    ships = sweep["ship"] or "none keeps the bounds"
    figure.suptitle(f"{sweep['model']}: recipes. To ship: {ships}", fontweight="bold")
    return _png(figure)


def _confusion(axes: Axes, confusion: Sequence[Sequence[int]], classes: Sequence[str]) -> None:
    counts = np.array(confusion)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    if len(classes) <= 12:  # more would not fit
        for i in places:
            for j in places:
                axes.text(
                    j, i, counts[i, j], ha="center", va="center", color="white" if shares[i, j] > 0.5 else "black"
                )
        axes.set_xticks(places, classes)
        axes.set_yticks(places, classes)
    axes.set_xlabel("called")
    axes.set_ylabel("label")


def _shares(axes: Axes, figures: Mapping[str, Any]) -> None:
    """Bars of what is a share: how alike the embeddings are, and what both verify."""
    shown = [("cosine", figures["cosine"], None), ("same nearest\nneighbour", figures["neighbours"], None)]
    for name, key in (("TAR at\nFAR 0.1%", "tar"), ("accuracy\nof pairs", "accuracy")):
        if key in figures["float"]:
            shown.append((name, figures["quantized"][key], figures["float"][key]))
    for place, (_, quantized, reference) in enumerate(shown):
        x = place if reference is None else place + 0.2
        axes.bar(x, quantized, 0.4, color=QUANTIZED)
        axes.text(x, quantized, f"{quantized:.4f}", ha="center", va="bottom")
        if reference is not None:
            axes.bar(place - 0.2, reference, 0.4, color=FLOAT)
            axes.text(place - 0.2, reference, f"{reference:.4f}", ha="center", va="bottom")
    axes.set_xticks(range(len(shown)), [name for name, *_ in shown])
    axes.set_ylim(0, 1.1)
    axes.legend(handles=_keys(("float", "quantized"), (FLOAT, QUANTIZED)), loc="lower right")
    axes.set_title(f"{figures['count']} faces")


def _latency(axes: Axes, latency: Sequence[Mapping[str, Any]]) -> None:
    groups = list(dict.fromkeys((timing["runtime"], timing["threads"]) for timing in latency))
    models = ("float", "quantized")
    _bars(axes, groups, models, [[timing for timing in latency if timing["model"] == model] for model in models])


def _bars(
    axes: Axes,
    groups: Sequence[tuple[str, int]],
    names: Sequence[str],
    timings: Sequence[Sequence[Mapping[str, Any]]],
) -> None:
    """A bar for each name in each group of runtime and threads; timings: of each name."""
    from matplotlib import colormaps

    width = 0.8 / len(names)
    colours = (
        (FLOAT, QUANTIZED) if len(names) == 2 else [colormaps["viridis"](x) for x in np.linspace(0, 0.9, len(names))]
    )
    for i, of_name in enumerate(timings):
        found = {(timing["runtime"], timing["threads"]): timing for timing in of_name}
        for place, group in enumerate(groups):
            x = place + (i - (len(names) - 1) / 2) * width
            timing = found[group]
            if timing["problem"]:
                axes.text(x, 0, " does not run", rotation=90, ha="center", va="bottom", fontsize=8)
                continue
            ratio = timing["ratio"]
            spread = [[ratio - timing["low"]], [timing["high"] - ratio]]
            axes.bar(x, ratio, width * 0.92, color=colours[i], yerr=spread, capsize=2, ecolor="#444444")
            axes.text(x, timing["high"], ratio_text(timing), ha="center", va="bottom", fontsize=8)
    axes.axhline(1, color="black", linewidth=0.8, linestyle=":")
    axes.set_xticks(
        range(len(groups)), [f"{runtime}\n{threads} thread{'s'[: threads > 1]}" for runtime, threads in groups]
    )
    highest = max((t["high"] for of_name in timings for t in of_name if not t["problem"]), default=1)
    if highest > 8:
        axes.set_yscale("log")
    axes.margins(y=0.12)
    axes.set_ylabel(f"time, as a ratio to {names[0]} on LiteRT, 1 thread")
    axes.legend(handles=_keys(names, colours), loc="upper left", fontsize=9)
    axes.set_title("Latency: median, and the middle half of the rounds")


def _keys(names: Sequence[str], colours: Sequence[Any]) -> list[Patch]:
    from matplotlib.patches import Patch as NewPatch

    return [NewPatch(color=colour, label=name) for name, colour in zip(names, colours, strict=True)]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure as NewFigure

    return NewFigure(figsize=(width, height), layout="constrained")


def _png(figure: Figure) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    content = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()
