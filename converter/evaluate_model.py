"""One quantized model against its float source: everything that a report says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from converter.candidates import as_manifest
from converter.gates import Bound
from converter.latency import Case, Timing, cases, measure, thread_counts, timings_json
from converter.layer_errors import layer_errors
from converter.macs import count_macs
from converter.runtime_check import RuntimeCheck, check_runtimes
from converter.trials import Track, Trial
from edge.interpreter import RUNTIMES
from edge.manifest import ModelEntry

LAYERS = 10
"""How many of the worst layers a report lists."""
LAYER_INPUTS = 8
"""Inputs that layers are compared on: values number millions on each."""
RUNTIME_INPUTS = 16
"""Inputs that the two runtimes are compared on."""

Progress = Callable[[str], Track]
"""Makes a progress bar of a title."""
Step = Callable[[str], None]
"""Is told what begins."""


def compare_model(
    entry: ModelEntry,
    reference: bytes,
    quantized: bytes,
    trial: Trial,
    *,
    threads: Sequence[int] = (0,),
    seconds: float = 4.0,
    progress: Progress = lambda title: iter,
    step: Step = lambda what: None,
) -> dict[str, Any]:
    """The JSON of `evaluate model`.

    entry: what both models are, and the quantized one's recipe. threads: counts to time with beside 1, 0 for
    all CPUs; seconds: for each timing. Raises ModelError when LiteRT runs one of them not at all.
    """
    with as_manifest(entry, {"float": reference, "quantized": quantized}) as models:
        answers = [trial.answers(models, name, progress(f"{name} model")) for name in ("float", "quantized")]
        figures = trial.compare(*answers)
        step("comparing layers")
        layers = layer_errors(reference, quantized, list(trial.inputs(entry, LAYER_INPUTS)))
        step("running on both runtimes")
        check = check_on_runtimes(entry, quantized, trial)
        timings = measure(
            models, entry.role, cases(("float", "quantized"), thread_counts(threads)), seconds=seconds, progress=step
        )
    return {
        "model": entry.name,
        "role": entry.role,
        **comparison_json(entry.recipe, reference, quantized, figures, check),
        "macs": count_macs(quantized),
        "layers": [asdict(layer) for layer in layers[:LAYERS]],
        "latency": timings_json(timings),
        "latency_ratio": latency_ratio(timings, "quantized"),
    }


def check_on_runtimes(entry: ModelEntry, content: bytes, trial: Trial) -> RuntimeCheck:
    """content on each runtime, on inputs of the trial, in batches as on the edge."""
    inputs = trial.inputs(entry, RUNTIME_INPUTS)
    whole = max(entry.batch, len(inputs) // entry.batch * entry.batch)
    return check_runtimes(content, entry.recipe, inputs[:whole], entry.batch)


def comparison_json(
    recipe: str, reference: bytes, quantized: bytes, figures: Mapping[str, Any], check: RuntimeCheck
) -> dict[str, Any]:
    """What is said of one quantized model apart from its timings."""
    return {
        "recipe": recipe,
        "sha256": hashlib.sha256(quantized).hexdigest(),
        "size": {"float": len(reference), "quantized": len(quantized), "ratio": len(quantized) / len(reference)},
        "figures": figures,
        "runtimes": {
            check.default.runtime: {"problem": check.default.problem},
            check.older.runtime: {
                "problem": check.problem or ("" if check.older.installed else "not installed here"),
                "difference": check.difference,
            },
        },
    }


def latency_ratio(timings: Sequence[Timing], model: str) -> float:
    """The time of model to the float model's, both on LiteRT with one thread; NaN when that was not timed."""
    for timing in timings:
        if timing.case == Case(model, RUNTIMES[0], 1) and not timing.problem:
            return timing.ratio
    return float("nan")


def failures(comparison: Mapping[str, Any], bounds: Sequence[Bound]) -> list[str]:
    """Why a quantized model must not be shipped: a collapse, whatever the bounds, and those it does not keep."""
    broken = [bound for bound in bounds if not bound.holds(comparison)]
    reasons = [comparison["figures"]["failure"], comparison["runtimes"][RUNTIMES[0]]["problem"]]
    reasons += [f"{bound} is not kept: {bound.figure} is {bound.value_text(comparison)}" for bound in broken]
    return [reason for reason in reasons if reason]
