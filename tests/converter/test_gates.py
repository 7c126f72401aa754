"""Bounds as they are written, and what keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from converter.evaluate_model import failures
from converter.gates import Bound, parse_bounds
from edge.errors import ModelError


def comparison(**figures: Any) -> dict[str, Any]:
    return {
        "figures": {
            "agreement": 0.985,
            "quantized": {"accuracy": 0.84},
            "difference": {"accuracy": 0.84 - 0.845},
            "failure": "",
            **figures,
        },
        "runtimes": {"litert": {"problem": ""}},
        "size": {"ratio": 0.26},
        "latency_ratio": 0.4,
    }


def test_bounds_are_read_as_written() -> None:
    assert parse_bounds("agreement=0.98, accuracy=-0.5pt") == (
        Bound("agreement", 0.98),
        Bound("accuracy", -0.5, points=True),
    )
    assert [str(bound) for bound in parse_bounds("accuracy=-0.5pt,size=0.26")] == ["accuracy=-0.5pt", "size=0.26"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("f1=0.8", "'f1' is none of agreement, accuracy, macro_f1"),
        ("accuracy", "write a number after =, such as accuracy=0.95"),
        ("accuracy=high", "write a number"),
        ("cosine=-1pt", r"points \(pt\) are for accuracy, macro_f1, tar"),
    ],
)
def test_a_malformed_bound_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        parse_bounds(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("agreement=0.985", True),
        ("agreement=0.99", False),
        ("accuracy=0.85", False),  # its own
        ("accuracy=-0.5pt", True),  # less the float model's: exactly on the bound
        ("accuracy=-0.4pt", False),
        ("size=0.26", True),
        ("size=0.25", False),  # at most
        ("latency=0.5", True),
    ],
)
def test_a_bound_holds_or_not(text: str, holds: bool) -> None:
    (bound,) = parse_bounds(text)
    assert bound.holds(comparison()) is holds


def test_a_figure_that_is_no_number_keeps_no_bound() -> None:
    assert not Bound("agreement", 0.1).holds(comparison(agreement=float("nan")))
    assert not Bound("latency", 2.0).holds({**comparison(), "latency_ratio": float("nan")})


def test_a_bound_on_what_was_not_measured_is_an_error() -> None:
    bound = Bound("tar", -0.5, points=True)
    assert not bound.is_measured(comparison())
    with pytest.raises(ModelError, match="tar is not measured for this role"):
        bound.holds(comparison())


def test_what_fails_is_named_with_its_figure() -> None:
    assert failures(comparison(), parse_bounds("agreement=0.98,size=0.25,accuracy=-0.1pt")) == [
        "size=0.25 is not kept: size is 0.2600",
        "accuracy=-0.1pt is not kept: accuracy is -0.50pt",
    ]


def test_a_collapse_fails_without_a_bound() -> None:
    assert failures(comparison(failure="the quantized model collapsed"), ()) == ["the quantized model collapsed"]
