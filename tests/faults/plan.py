"""What is broken, when and for how long: all of it drawn from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "broker-killed": "kill -9 of Mosquitto, restarted with its persistence",
        "network-cut": "every connection is reset, new ones too",
        "half-open": "what stands is dead for good and nobody is told; new connections hang",
        "stalled": "nothing passes; then all of it does, late, as after a Wi-Fi's dead spot",
        "daemon-killed": "kill -9 of the daemon, restarted",
        "both-killed": "kill -9 of both, restarted in either order",
        "corrupted": "bytes are changed on their way, in both directions",
        "slow": "latency and a few kilobytes a second",
        "half-closed": "one direction is closed, the other stays open; new connections too",
        "refused": "the access list forbids observations: PUBACK says Not authorized",
    }
)
"""Each kind of fault, and what it does."""

SHORTEST_SECONDS = 2.0
_LONGEST_PAUSE = 14.0
"""Seconds between a recovery and the next fault; a connection of 10 s resets the publisher's backoff, so both occur."""
_OVERLAPPING = 0.2
"""Share of the faults that do not wait for the recovery from the one before."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    """One of `KINDS`."""
    pause: float
    """Seconds to wait before it."""
    seconds: float
    """How long it lasts."""
    overlapping: bool
    """It does not wait for the recovery from the one before."""
    choice: float
    """0..1, for what else a kind has to choose."""


def plan(seed: int, count: int, longest: float) -> list[Fault]:
    """The faults of one run; count runs of consecutive seeds go through all kinds evenly.

    longest: seconds that a fault lasts at most; lengths are spread evenly on a logarithmic scale.
    """
    kinds = list(KINDS)
    chosen = [kinds[(seed * count + number) % len(kinds)] for number in range(count)]
    source = random.Random(seed)
    source.shuffle(chosen)
    return [_draw(source, kind, longest, first=number == 0) for number, kind in enumerate(chosen)]


def _draw(source: random.Random, kind: str, longest: float, *, first: bool) -> Fault:
    seconds = math.exp(source.uniform(math.log(SHORTEST_SECONDS), math.log(longest)))
    pause = source.uniform(0.5, min(_LONGEST_PAUSE, longest))
    return Fault(kind, pause, seconds, source.random() < _OVERLAPPING and not first, source.random())
