"""Spans of a clip's time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_SPAN = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Span:
    """From begin to end, seconds of the clip."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def shared(self, other: Span) -> float:
        """Seconds that lie in both."""
        return max(0.0, min(self.end, other.end) - max(self.begin, other.begin))

    def __str__(self) -> str:
        return f"{self.begin:.1f}-{self.end:.1f} s"


def parse_spans(text: str) -> tuple[Span, ...]:
    """The spans of "12.0-17.5,30-35", which rise and do not overlap; "none" are no spans.

    Raises ValueError, which says what to write.
    """
    spans: list[Span] = []
    if text == "none":
        return ()
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is no span; write seconds of the clip such as 12.0-17.5,30-35, or none")
        span = Span(float(match[1]), float(match[2]))
        if span.end <= span.begin:
            raise ValueError(f"{part.strip()!r} ends before it begins; write the earlier second first")
        if spans and span.begin < spans[-1].end:
            raise ValueError(f"{part.strip()!r} begins before {spans[-1]} has ended; write the spans in order")
        spans.append(span)
    return tuple(spans)


def seconds_outside(spans: Sequence[Span], others: Sequence[Span]) -> float:
    """Seconds of spans that lie in none of others, which do not overlap."""
    return math.fsum(span.seconds - math.fsum(span.shared(other) for other in others) for span in spans)
