"""Comparisons as Markdown: what a person reads beside the JSON and the PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_PERCENT = {"accuracy", "agreement", "neighbours", "tar"}
_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "tar": "TAR at FAR 0.1%",
    "agreement": "top-1 agreement",
    "cosine": "mean-centred cosine",
    "cosine_p5": "cosine of the worst 5%",
    "neighbours": "same nearest neighbour",
}


def comparison_markdown(comparison: Mapping[str, Any], gate: Sequence[str] | None, chart: str) -> str:
    """The report of `evaluate model`. gate: what the model fails, None without a gate; chart: name of the PNG."""
    figures = comparison["figures"]
    size = comparison["size"]
    lines = [
        f"# {comparison['model']}: {comparison['recipe']} against float32",
        "",
        _verdict(gate, figures["failure"]),
        "",
        f"![{chart}]({chart})",
        "",
        *_figures(figures),
        "",
        "| size | quantized / float | multiply-accumulates | sha256 |",
        "|---|---|---|---|",
        f"| {size['quantized'] / 1e6:.2f} MB | {size['ratio']:.1%} | {comparison['macs'] / 1e6:.1f} M "
        f"| `{comparison['sha256'][:16]}…` |",
        "",
        *_left_out(figures),
        "## Latency and memory",
        "",
        _HOW_TIMED.format(first="float"),
        "",
        *_timings(comparison["latency"]),
        "",
        *_runtimes(comparison["runtimes"]),
        "",
        "## The worst layers",
        "",
        "Error: root mean square of the difference to the float model, in standard deviations of its values.",
        "Added: the part that the layer's inputs do not have yet. `convert --keep-float NAME` keeps a layer float.",
        "",
        "| layer | operation | error | added | MACs |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{_short(layer['name'])}` | {layer['operation']} | {layer['error']:.4f} | {layer['added']:.4f} "
        f"| {layer['macs'] / 1e6:.2f} M |"
        for layer in comparison["layers"]
    ]
    return "\n".join(lines) + "\n"


def sweep_markdown(sweep: Mapping[str, Any], chart: str) -> str:
    """The report of `sweep`. chart: name of the PNG."""
    ship = sweep["ship"]
    bounds = ", ".join(f"`{bound}`" for bound in sweep["bounds"]) or "none"
    lines = [
        f"# {sweep['model']}: recipes",
        "",
        f"**To ship: `{ship}`.**" if ship else "**To ship: none; no recipe keeps the bounds.**",
        f"Bounds: {bounds}; must run on {sweep['runtime']}; preferred: {sweep['prefer']}. "
        f"{sweep['macs'] / 1e6:.1f} M multiply-accumulates.",
        "",
        *sweep_table(sweep),
        "",
        _HOW_TIMED.format(first="float32"),
        "",
        f"![{chart}]({chart})",
        "",
    ]
    for row in sweep["rows"]:
        lines += [f"- `{row['recipe']}`: {reason}" for reason in row["failures"]]
    lines += [f"- `{recipe}`: not made: {problem}" for recipe, problem in sweep["problems"].items()]
    lines += ["", "## Every timing", ""]
    timings = [timing for row in sweep["rows"] for timing in row["latency"]]
    lines += _timings(timings)
    return "\n".join(lines) + "\n"


def sweep_table(sweep: Mapping[str, Any]) -> list[str]:
    """Lines of a Markdown table, a row for each recipe."""
    rows = sweep["rows"]
    shown = _sweep_columns(rows[0]["figures"])
    groups = list(dict.fromkeys((timing["runtime"], timing["threads"]) for row in rows for timing in row["latency"]))
    titles = ["recipe", "MB", "of float32", *(title for title, _, _ in shown)]
    titles += [f"time {runtime}, {threads} thr." for runtime, threads in groups] + ["tflite-runtime", ""]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for row in rows:
        figures = row["figures"]
        cells = [f"`{row['recipe']}`", f"{row['size']['quantized'] / 1e6:.2f}", f"{row['size']['ratio']:.1%}"]
        for _, part, key in shown:
            of_part = figures[part] if part else figures
            cells.append(_difference(of_part, key) if part == "difference" else _number(of_part[key], key))
        timings = {(timing["runtime"], timing["threads"]): timing for timing in row["latency"]}
        cells += ["-" if timings[group]["problem"] else ratio_text(timings[group]) for group in groups]
        cells += ["no" if row["runtimes"]["tflite-runtime"]["problem"] else "runs"]
        cells += ["**ship**" if row["recipe"] == sweep["ship"] else "fails" if row["failures"] else "holds"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


_HOW_TIMED = (
    "Times are ratios to {first} on LiteRT with one thread, which ran in turns with each: median and the middle half\n"
    "of the rounds. Its own row shows the noise; ~ marks a figure that other programs on the machine decided."
)


def ratio_text(timing: Mapping[str, Any]) -> str:
    """A timing's ratio; ~ before one that is not to be relied on."""
    return f"{'~' if timing['noisy'] else ''}{timing['ratio']:.2f}"


def _verdict(gate: Sequence[str] | None, failure: str) -> str:
    failed = [failure] if gate is None and failure else list(gate or ())
    if failed:
        return "**Fails:** " + "; ".join(failed) + "."
    return "**Holds** all bounds." if gate is not None else "No bounds were given."


def _figures(figures: Mapping[str, Any]) -> list[str]:
    lines = ["| | float | quantized | difference (paired) |", "|---|---|---|---|"]
    for key in ("accuracy", "macro_f1", "tar"):
        if key in figures["float"]:
            cells = [_with_interval(figures[part], key) for part in ("float", "quantized")]
            lines.append(f"| {_NAMES[key]} | {' | '.join(cells)} | {_difference(figures['difference'], key)} |")
    for key in ("agreement", "cosine", "cosine_p5", "neighbours"):
        if key in figures:
            lines.append(f"| {_NAMES[key]} | | {_with_interval(figures, key)} | |")
    inputs = f"{figures['count']} pictures"
    if "genuine_pairs" in figures:
        inputs += f"; {figures['genuine_pairs']} pairs of one person, {figures['impostor_pairs']} of two"
    if "pairs" in figures:
        inputs += f"; accuracy over {figures['pairs']} listed pairs"
    return [*lines, "", f"{inputs}. Intervals are 95%."]


def _left_out(figures: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, what in (("unreadable", "could not be used"), ("undetected", "show no face that is found")):
        names = figures.get(key, [])
        if names:
            lines += [f"{len(names)} pictures {what}: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}", ""]
    return lines


def _timings(timings: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| model | runtime | threads | time, ratio | middle half | to float there | ms here | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for timing in timings:
        start = f"| {timing['model']} | {timing['runtime']} | {timing['threads']} "
        if timing["problem"]:
            lines.append(f"{start}| does not run: {timing['problem']} | | | | |")
            continue
        lines.append(
            f"{start}| {ratio_text(timing)} | {timing['low']:.2f}-{timing['high']:.2f} | {timing['to_float']:.2f} "
            f"| {timing['milliseconds']:.2f} | {timing['memory'] / 1e6:.0f} MB |"
        )
    return lines


def _runtimes(runtimes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines = []
    for runtime, outcome in runtimes.items():
        if outcome["problem"]:
            lines.append(f"- {runtime}: {outcome['problem']}")
        elif outcome.get("difference") is not None:
            lines.append(
                f"- {runtime}: runs; its answers differ from LiteRT's by at most {outcome['difference']:.2g} "
                "of their range"
            )
    return lines


def _sweep_columns(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(title, part of the figures or "", key) of the figures worth a column."""
    columns = []
    for key in ("agreement", "cosine", "neighbours"):
        if key in figures:
            columns.append((_NAMES[key], "", key))
    for key in ("accuracy", "macro_f1", "tar"):
        if key in figures["quantized"]:
            columns += [(_NAMES[key], "quantized", key), ("Δ [95%]", "difference", key)]
    return columns


def _with_interval(figures: Mapping[str, Any], key: str) -> str:
    interval = figures.get(f"{key}_interval")
    text = _number(figures[key], key)
    return f"{text} [{_number(interval[0], key)}, {_number(interval[1], key)}]" if interval else text


def _difference(figures: Mapping[str, Any], key: str) -> str:
    low, high = figures[f"{key}_interval"]
    if key == "macro_f1":
        return f"{figures[key]:+.4f} [{low:+.4f}, {high:+.4f}]"
    return f"{figures[key] * 100:+.2f} pt [{low * 100:+.2f}, {high * 100:+.2f}]"


def _number(value: float, key: str) -> str:
    return f"{value:.2%}" if key in _PERCENT else f"{value:.4f}"


def _short(name: str) -> str:
    """The first part of a fused layer's name: enough to find it by."""
    return name.split(";")[0]
