"""`classpulse-edge demo`: the whole way from a camera to a subscriber, on one machine, in 20 seconds.

A real broker, a real config file, students enrolled by the real command and the real daemon as a
process of its own; only the classroom is a clip (see `edge.demo.make_clip`).
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from edge.errors import ClassPulseError


class DemoError(ClassPulseError):
    """The demo cannot be shown."""


def run(seconds: float, *, svg: Path | None = None, out: TextIO | None = None) -> int:
    """Show the demo for that many seconds (0: until Ctrl-C). Returns the exit code.

    svg: where to save the last state of the table as a picture.
    out: where to show it (default: standard output); a live table on a terminal, lines elsewhere.

    The exit code is 0 only if every enrolled student was reported and nobody else was. Raises DemoError
    when something the demo needs is missing or fails. To be called in the main thread: it handles signals.
    """
    missing = [name for name in ("iotcore", "rich") if find_spec(name) is None]
    if missing:
        raise DemoError(f"{' and '.join(missing)} not installed; install the extra: pip install 'classpulse[demo]'")
    from edge.demo.play import play

    return play(seconds, svg, out or sys.stdout)
