"""The faults that were made, and each one's share of what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.ledger import Entry, Identity
from tests.faults.witnesses import Arrival


@dataclass
class Event:
    """One fault. Times are seconds since 1970."""

    kind: str
    began: float
    overlapping: bool
    """It struck while the one before was not yet recovered from."""
    ended: float = 0.0
    recovered: float | None = None
    """When all that was committed before the fault's end, and something seen after it, had arrived; None: the next
    fault came first, or it took too long, which is a failure of the run."""
    observations: int = 0
    """Committed from its beginning to that of the next fault."""
    doubled: int = 0
    """Repeats that arrived in that time."""
    lost: int = 0
    lost_by_broker: int = 0
    longest_outage: float = 0.0
    """Seconds without any arrival, from its beginning to that of the next fault."""


def share_out(
    events: Sequence[Event], committed: Sequence[Entry], arrivals: Sequence[Arrival],
    lost: set[Identity], lost_by_broker: set[Identity],
) -> None:  # fmt: skip
    """Fill in the figures of every event."""
    seen: set[Identity] = set()
    repeats = []
    for arrival in arrivals:
        if arrival.identity in seen:
            repeats.append(arrival.at)
        seen.add(arrival.identity)
    ends = [event.began for event in events[1:]] + [float("inf")]
    for event, end in zip(events, ends, strict=True):
        within = [entry.identity for entry in committed if event.began <= entry.committed_at < end]
        event.observations = len(within)
        event.doubled = sum(event.began <= at < end for at in repeats)
        event.lost = sum(identity in lost for identity in within)
        event.lost_by_broker = sum(identity in lost_by_broker for identity in within)
        until = event.recovered or min(end, arrivals[-1].at if arrivals else event.ended)
        times = [event.began, *(arrival.at for arrival in arrivals if event.began <= arrival.at < until), until]
        event.longest_outage = max(later - earlier for earlier, later in pairwise(times))
