"""All recipes of one model beside each other, and the one to ship."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from converter.candidates import as_manifest
from converter.evaluate_model import Progress, Step, check_on_runtimes, comparison_json, failures, latency_ratio
from converter.gates import Bound, parse_bounds
from converter.latency import cases, measure, thread_counts, timings_json
from converter.macs import count_macs
from converter.quantization import RECIPES
from converter.trials import Trial
from edge.errors import ModelError
from edge.interpreter import RUNTIMES
from edge.manifest import ModelEntry

USUAL_BOUNDS = {
    "emotion": "agreement=0.98,accuracy=-0.5pt",
    "identify": "agreement=0.98,accuracy=-0.5pt",
    "embed": "cosine=0.95,neighbours=0.95,tar=-0.5pt",
}
"""Role -> what a recipe must keep where nothing else is asked for."""
AS_FAST, AS_SMALL = 1.1, 1.05
"""Ratios up to which two models count as equally fast, which noise alone may make them differ by, and equally small."""


def sweep(
    entry: ModelEntry,
    reference: bytes,
    quantized: Callable[[str], bytes],
    trial: Trial,
    bounds: Sequence[Bound] | None = None,
    *,
    runtime: str = RUNTIMES[0],
    prefer: str = "speed",
    threads: Sequence[int] = (0,),
    seconds: float = 4.0,
    progress: Progress = lambda title: iter,
    step: Step = lambda what: None,
) -> dict[str, Any]:
    """The JSON of `sweep`.

    entry: what the model is; reference: its float32 TFLite file; quantized: recipe -> file, may raise
    ModelError. bounds: None for the usual ones of the role. runtime: what the one to ship must run on;
    prefer: "speed" or "size".
    """
    contents, problems = _convert(reference, quantized, step)
    compared = {}
    with as_manifest(entry, contents) as models:
        answers = trial.answers(models, "float32", progress("float32"))
        for recipe, content in contents.items():
            try:
                of_recipe = answers if recipe == "float32" else trial.answers(models, recipe, progress(recipe))
                figures = trial.compare(answers, of_recipe)
            except ModelError as error:
                problems[recipe] = str(error)
                continue
            step(f"running {recipe} on both runtimes")
            check = check_on_runtimes(replace(entry, recipe=recipe), content, trial)
            compared[recipe] = comparison_json(recipe, reference, content, figures, check)
        timings = measure(
            models, entry.role, cases(list(compared), thread_counts(threads)), seconds=seconds, progress=step
        )
    listed = timings_json(timings)
    for recipe, row in compared.items():
        row["latency"] = [timing for timing in listed if timing["model"] == recipe]
        row["latency_ratio"] = 1.0 if recipe == "float32" else latency_ratio(timings, recipe)
    kept = _usual_bounds(entry.role, compared["float32"]) if bounds is None else tuple(bounds)
    rows = list(compared.values())
    for row in rows:
        row["failures"] = [*failures(row, kept), *_unfit(row, runtime)]
    return {
        "model": entry.name,
        "role": entry.role,
        "macs": count_macs(reference),
        "bounds": [str(bound) for bound in kept],
        "runtime": runtime,
        "prefer": prefer,
        "rows": rows,
        "problems": problems,
        "ship": choose(rows, prefer),
    }


def choose(rows: Sequence[Mapping[str, Any]], prefer: str) -> str | None:
    """The recipe to ship: the fastest, or smallest, of those without failures; None when there is none.

    Where several are about equally fast (`AS_FAST`) it is the smallest of them, and the other way round.
    """
    keeping = [row for row in rows if not row["failures"]]
    if not keeping:
        return None

    def slowness(row: Mapping[str, Any]) -> float:
        ratio = float(row["latency_ratio"])
        return ratio if math.isfinite(ratio) else math.inf

    def size(row: Mapping[str, Any]) -> float:
        return float(row["size"]["quantized"])

    first, second, slack = (slowness, size, AS_FAST) if prefer == "speed" else (size, slowness, AS_SMALL)
    limit = slack * min(map(first, keeping))
    return str(min((row for row in keeping if first(row) <= limit), key=second)["recipe"])


def _convert(
    reference: bytes, quantized: Callable[[str], bytes], step: Step
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files by recipe, float32 first, and why there is none of some."""
    contents = {"float32": reference}
    problems = {}
    for recipe in RECIPES:
        if recipe == "float32":
            continue
        step(f"converting {recipe}")
        try:
            contents[recipe] = quantized(recipe)
        except ModelError as error:
            problems[recipe] = str(error)
    return contents, problems


def _usual_bounds(role: str, row: Mapping[str, Any]) -> tuple[Bound, ...]:
    """Those of the role that can be measured with these pictures."""
    return tuple(bound for bound in parse_bounds(USUAL_BOUNDS[role]) if bound.is_measured(row))


def _unfit(row: Mapping[str, Any], runtime: str) -> list[str]:
    problem = row["runtimes"][runtime]["problem"] if runtime != RUNTIMES[0] else ""
    return [f"does not run on {runtime}: {problem}"] if problem else []
