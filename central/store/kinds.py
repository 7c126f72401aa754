"""What is kept, each for its own time."""

from __future__ import annotations

from typing import Literal, get_args

KeptKind = Literal["observation", "minute", "hour", "day"]
"""Observations, or their counts by the minute, hour and day."""
KINDS: tuple[KeptKind, ...] = get_args(KeptKind)
"""From the finest to the coarsest."""
_USUAL_DAYS: dict[KeptKind, float] = {"observation": 30.0, "minute": 30.0, "hour": 400.0, "day": 3650.0}


def days_kept(*given: float | None) -> dict[KeptKind, float]:
    """For how many days each is kept. given: in the order of `KINDS`; None: as usual, or as long as what is finer."""
    kept: dict[KeptKind, float] = {}
    for kind, days in zip(KINDS, given, strict=True):
        kept[kind] = max([_USUAL_DAYS[kind], *kept.values()]) if days is None else days
    return kept
