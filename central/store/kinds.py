"""What is kept, each for its own time."""

from __future__ import annotations

from typing import Literal

KeptKind = Literal["observation", "minute", "hour", "day"]
"""Observations, or their counts by the minute, hour and day."""
