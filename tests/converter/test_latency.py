"""Timings come from processes of their own, as ratios; what does not run says why. No speed is asserted."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from converter.candidates import as_manifest
from converter.latency import ROUNDS, Case, Runner, Timing, cases, measure, thread_counts, timings_json
from edge.interpreter import cpu_threads
from edge.manifest import Manifest, ModelEntry
from tests.edge.toy_models import dense

CLASSIFIER = ModelEntry(
    name="students", role="identify", file="", sha256="0" * 64, input=(8,), recipe="float32", licence="MIT", source="",
    labels=("s-1", "s-2", "s-3"), embedder="mobilefacenet", threshold=0.5,
)  # fmt: skip


def test_a_model_is_timed_against_itself_and_another(manifest: Manifest) -> None:
    content = manifest.read(manifest.entry("emotion", "emotion"))
    seen: list[str] = []
    with as_manifest(manifest.entry("emotion", "emotion"), {"float": content, "quantized": content}) as models:
        timings = measure(
            models, "emotion", cases(["float", "quantized"], (1,), ("litert",)), seconds=0, progress=seen.append
        )
    assert seen == ["float on litert, 1 thread", "quantized on litert, 1 thread"]
    for timing in timings:
        assert timing.problem == ""
        assert 0 < timing.low <= timing.ratio <= timing.high
        assert timing.rounds == ROUNDS[0]
        assert timing.memory > len(content)


@pytest.mark.parametrize("runtime", ["litert", "tflite-runtime"])
def test_a_classifier_of_embeddings_is_timed_as_well(runtime: str) -> None:
    if runtime == "tflite-runtime" and find_spec("tflite_runtime") is None:
        pytest.skip("the extra tflite-runtime is not installed")
    content = dense(np.ones((8, 3)), np.zeros(3), softmax=True)
    with as_manifest(CLASSIFIER, {"float": content}) as models:
        (timing,) = measure(models, "identify", cases(["float"], (1,), (runtime,)), seconds=0)
    assert timing.problem == ""
    assert timing.milliseconds > 0


def test_a_model_that_does_not_load_says_why_and_the_others_are_timed() -> None:
    contents = {"float": dense(np.ones((8, 3)), np.zeros(3), softmax=True), "broken": b"\x1c\x00\x00\x00TFL3"}
    with as_manifest(CLASSIFIER, contents) as models:
        broken, sound = measure(
            models, "identify", [Case("float", "litert", 1), Case("broken", "litert", 1)], seconds=0
        )[::-1]
    assert "broken.tflite: litert cannot load it" in broken.problem
    assert broken.ratio == 0
    assert sound.problem == ""


def test_without_its_reference_nothing_is_timed() -> None:
    with as_manifest(CLASSIFIER, {"broken": b"\x1c\x00\x00\x00TFL3"}) as models:
        (timing,) = measure(models, "identify", cases(["broken"], (1,), ("litert",)), seconds=0)
    assert timing.problem.startswith("the reference does not run")


def test_a_process_that_ends_too_early_is_a_problem_and_not_a_wait() -> None:
    content, case = dense(np.ones((8, 3)), np.zeros(3), softmax=True), Case("float", "litert", 1)
    with as_manifest(CLASSIFIER, {"float": content}) as models, Runner(models, "identify", case) as runner:
        runner.close()
        assert np.isnan(runner.seconds(1))
        assert runner.problem.startswith("it crashed")


def test_thread_counts_are_never_above_the_cpus_nor_said_twice() -> None:
    everything = cpu_threads(0)
    assert thread_counts((1, 0)) == tuple(dict.fromkeys((1, everything)))
    assert thread_counts((everything, 10_000)) == tuple(dict.fromkeys((1, everything)))


def test_ratios_are_told_against_the_float_model_on_the_same_runtime_too() -> None:
    timings = [
        Timing(Case("float", "litert", 1), ratio=1.02, low=0.9, high=1.1, rounds=5),
        Timing(Case("int8", "litert", 1), ratio=0.3, low=0.2, high=0.4, rounds=5),
        Timing(Case("float", "tflite-runtime", 1), ratio=2.0, low=1.9, high=2.1, rounds=5),
        Timing(Case("int8", "tflite-runtime", 1), ratio=3.0, low=2.9, high=3.1, rounds=5),
        replace(Timing(Case("int4", "tflite-runtime", 1)), problem="no such operation"),
    ]
    listed = timings_json(timings)
    assert [timing["to_float"] for timing in listed] == [1.02, 0.3, 1.0, 1.5, None]
    assert listed[1]["model"] == "int8"
    assert "case" not in listed[1]
