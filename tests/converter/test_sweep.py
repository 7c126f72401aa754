"""Which recipe is shipped."""

from __future__ import annotations

from typing import Any

import pytest

from converter.sweep import choose


def row(recipe: str, latency: float, size: int, *failures: str) -> dict[str, Any]:
    return {"recipe": recipe, "latency_ratio": latency, "size": {"quantized": size}, "failures": list(failures)}


FLOAT, HALF = row("float32", 1.0, 4000), row("float16", 1.0, 2000)
DYNAMIC, STATIC = row("dynamic_wi8", 0.45, 1000), row("static_wi8_ai8", 0.3, 1020)


def test_the_fastest_that_keeps_the_bounds_is_shipped() -> None:
    assert choose([FLOAT, HALF, DYNAMIC, STATIC], "speed") == "static_wi8_ai8"


def test_the_smallest_is_shipped_when_size_is_preferred() -> None:
    assert choose([FLOAT, HALF, row("dynamic_wi8", 0.45, 900), STATIC], "size") == "dynamic_wi8"


def test_among_equally_small_ones_the_faster_is_shipped() -> None:
    assert choose([FLOAT, HALF, DYNAMIC, STATIC], "size") == "static_wi8_ai8"


def test_among_equally_fast_ones_the_smaller_is_shipped() -> None:
    assert choose([FLOAT, row("float16", 1.05, 2000)], "speed") == "float16"


@pytest.mark.parametrize("prefer", ["speed", "size"])
def test_one_that_fails_is_never_shipped(prefer: str) -> None:
    failing = row("static_wi8_ai8", 0.1, 10, "collapsed")
    assert choose([FLOAT, failing], prefer) == "float32"
    assert choose([failing], prefer) is None


def test_one_that_was_not_timed_is_not_the_fastest() -> None:
    assert choose([row("static_wi8_ai8", float("nan"), 10), FLOAT], "speed") == "float32"
