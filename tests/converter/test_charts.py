"""Reports and their pictures, of comparisons that are written down here."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from converter.charts import comparison_chart, sweep_chart
from converter.report import comparison_markdown, sweep_markdown

pytest.importorskip("matplotlib")


def timing(model: str, runtime: str, ratio: float, **others: Any) -> dict[str, Any]:
    return {
        "model": model, "runtime": runtime, "threads": 1, "problem": "", "ratio": ratio, "low": ratio * 0.9,
        "high": ratio * 1.1, "noisy": False, "to_float": ratio, "milliseconds": 1.5, "memory": 20_000_000, **others,
    }  # fmt: skip


def embedder(**figures: Any) -> dict[str, Any]:
    rates = {"tar": 0.99, "tar_interval": (0.985, 0.993)}
    change = {"tar": -0.001, "tar_interval": (-0.002, 0.0)}
    return {
        "model": "faces", "role": "embed", "recipe": "static_wi8_ai8", "sha256": "ab" * 32, "macs": 221_000_000,
        "size": {"float": 5_200_000, "quantized": 1_400_000, "ratio": 0.269},
        "figures": {
            "count": 1700, "cosine": 0.9876, "cosine_interval": (0.987, 0.989), "cosine_p5": 0.97, "neighbours": 0.96,
            "neighbours_interval": (0.95, 0.97), "float": rates, "quantized": rates, "difference": change,
            "failure": "", "undetected": ["ann/3.jpg"], "unreadable": [], "genuine_pairs": 2000,
            "impostor_pairs": 90_000, **figures,
        },
        "runtimes": {
            "litert": {"problem": ""},
            "tflite-runtime": {"problem": "Didn't find op for builtin opcode", "difference": None},
        },
        "layers": [{"name": "conv1;bn1", "operation": "CONV_2D", "error": 0.1, "added": 0.05, "macs": 1_000_000}],
        "latency": [
            timing("float", "litert", 1.0),
            timing("quantized", "litert", 0.4, noisy=True),
            timing("float", "tflite-runtime", 9.0),
            timing("quantized", "tflite-runtime", 0.0, problem="Didn't find op", to_float=None),
        ],
        "latency_ratio": 0.4,
    }  # fmt: skip


def swept() -> dict[str, Any]:
    def row(recipe: str, *failures: str) -> dict[str, Any]:
        made = {**embedder(), "recipe": recipe, "failures": list(failures)}
        return {**made, "latency": [{**entry, "model": recipe} for entry in made["latency"][1::2]]}

    return {
        "model": "faces", "macs": 221_000_000, "bounds": ["cosine=0.95"], "runtime": "litert", "prefer": "speed",
        "rows": [row("float32"), row("static_wi8_ai8", "cosine=0.95 is not kept: cosine is 0.9000")],
        "problems": {"dynamic_wi8": "cannot be quantized"}, "ship": "float32",
    }  # fmt: skip


def decoded(png: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    return image.astype(np.uint8, copy=False)


def test_the_chart_of_an_embedder_is_a_picture() -> None:
    assert decoded(comparison_chart(embedder())).shape == (500, 1600, 3)


def test_a_label_no_picture_has_does_not_stop_the_chart() -> None:
    labels = {"accuracy": 1.0, "macro_f1": 1.0, "confusion": [[3, 0], [0, 0]]}
    figures = {"float": labels, "quantized": labels, "classes": ["s-1", "s-2"]}
    assert decoded(comparison_chart({**embedder(), "figures": figures})).shape == (500, 1600, 3)


def test_the_chart_of_a_sweep_is_a_picture() -> None:
    assert decoded(sweep_chart(swept())).shape == (500, 1600, 3)


def test_a_report_tells_the_figures_with_their_intervals() -> None:
    report = comparison_markdown(embedder(), None, "report.png")
    assert "| TAR at FAR 0.1% | 99.00% [98.50%, 99.30%] | 99.00% [98.50%, 99.30%] | -0.10 pt [-0.20, +0.00] |" in report
    assert "| mean-centred cosine | | 0.9876 [0.9870, 0.9890] | |" in report
    assert "1 pictures show no face that is found: ann/3.jpg" in report
    assert "| `conv1` | CONV_2D | 0.1000 | 0.0500 | 1.00 M |" in report


def test_a_report_says_what_does_not_run_and_why() -> None:
    report = comparison_markdown(embedder(), None, "report.png")
    assert "| quantized | tflite-runtime | 1 | does not run: Didn't find op |" in report
    assert "- tflite-runtime: Didn't find op for builtin opcode" in report


def test_a_figure_that_other_programs_decided_is_marked() -> None:
    assert "| quantized | litert | 1 | ~0.40 |" in comparison_markdown(embedder(), None, "report.png")


@pytest.mark.parametrize(
    ("gate", "failure", "verdict"),
    [
        (None, "", "No bounds were given."),
        (None, "the quantized model collapsed", "**Fails:** the quantized model collapsed."),
        ([], "", "**Holds** all bounds."),
        (["size=0.2 is not kept: size is 0.2690"], "", "**Fails:** size=0.2 is not kept: size is 0.2690."),
    ],
)
def test_a_report_begins_with_its_verdict(gate: list[str] | None, failure: str, verdict: str) -> None:
    report = comparison_markdown(embedder(failure=failure), gate, "report.png")
    assert report.splitlines()[2] == verdict


def test_a_sweep_says_why_a_recipe_is_not_shipped() -> None:
    report = sweep_markdown(swept(), "sweep.png")
    assert "**To ship: `float32`.**" in report
    assert "- `static_wi8_ai8`: cosine=0.95 is not kept: cosine is 0.9000" in report
    assert "- `dynamic_wi8`: not made: cannot be quantized" in report


def test_a_sweep_without_a_recipe_to_ship_says_so() -> None:
    assert "**To ship: none" in sweep_markdown({**swept(), "ship": None}, "sweep.png")
