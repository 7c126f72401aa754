"""The line that `systemctl status` shows."""

from __future__ import annotations

from dataclasses import replace

from edge.status import Condition, StatusLine

FINE = Condition("working", None, "connected", 0)


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def status(self, text: str) -> None:
        self.lines.append(text)


def test_figures_every_ten_seconds_and_changes_at_once() -> None:
    heard, now = Heard(), [0.0]
    line = StatusLine(heard, lambda: now[0])  # type: ignore[arg-type]
    for second in range(0, 31, 2):
        now[0] = float(second)
        line.update(FINE, frames=second * 10, tracks=3, spool_depth=lambda: 2)
    now[0] = 31.0
    line.update(replace(FINE, broker="connecting"), frames=310, tracks=1, spool_depth=lambda: 4)
    assert heard.lines[1:] == [
        "observing; 10.0 frames/s, 3 faces; broker connected, 2 in the spool",
        "observing; 10.0 frames/s, 3 faces; broker connected, 2 in the spool",
        "observing; 10.0 frames/s, 3 faces; broker connected, 2 in the spool",
        "observing; 10.0 frames/s, 1 face; broker connecting, 4 in the spool",
    ]


def test_what_keeps_it_from_observing_comes_first() -> None:
    assert replace(FINE, camera="failed").text(0, 0, 0).startswith("the camera does not work; trying again; broker")
    assert replace(FINE, camera="closed", paused="clock").text(0, 0, 0).startswith("paused: the clock")
    assert "heat or load" in replace(FINE, shed_level=1).text(5, 1, 0)
