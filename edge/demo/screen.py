"""The demo on a screen: a live table on a terminal, one line for each message elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.demo import DemoError
from edge.demo.cast import STRANGER, STUDENTS

if TYPE_CHECKING:
    from edge.demo.tally import Tally
    from edge.wire import ObservationMessage

_SVG_WIDTH = 78
_STYLES = {"angry": "red", "happy": "green", "neutral": "default", "sad": "blue", "tired": "yellow"}


class Screen:
    """Where the demo is shown."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out, highlight=False)
        self._live: Live | None = None

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def table(self) -> Iterator[None]:
        """While this is open, a terminal shows the table. It stays there afterwards."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield
        self._live = None

    def show(self, tally: Tally, seconds: float, news: ObservationMessage | None) -> None:
        """Show where things stand after `seconds`. news: the observation that has just come, if any."""
        if self._live is not None:
            self._live.update(view(tally, seconds), refresh=True)
        elif news is not None:
            self.say(f"{seconds:5.1f} s  {news.student_id}  {news.emotion}")


def view(tally: Tally, seconds: float) -> Group:
    """The table, and a line about the device under it."""
    table = Table(title="What a subscriber to this classroom sees", title_justify="left", expand=True)
    for column in ("Student", "Expression label", "Seen at"):
        table.add_column(column)
    table.add_column("Messages", justify="right")
    for student in sorted({*tally.enrolled, *tally.rows}):
        row = tally.rows.get(student)
        if row is None:
            table.add_row(student, Text("not seen yet", style="dim"), "", "0")
            continue
        when = row.observed_at.astimezone().strftime("%H:%M:%S") if row.observed_at else ""
        label = Text(row.label, style=_STYLES.get(row.label, "default"))
        table.add_row(student, label, when, str(row.labels.total()))
    cast = ", ".join(f"{student.student_id} {student.name}" for student in STUDENTS)
    caption = f"In the clip: {cast}, and {STRANGER}, who is not enrolled. The device knows no names."
    return Group(table, device_line(tally, seconds), Text(caption, style="dim"))


def device_line(tally: Tally, seconds: float) -> Text:
    """Status, speed and backlog, from the retained messages of the device."""
    status = {None: ("starting", "yellow"), True: ("online", "green"), False: ("offline", "red")}[tally.online]
    parts = [f"{seconds:.0f} s"]
    for key, form in (
        ("frames_per_second", "{:.1f} frames a second"),
        ("inference_p95_ms", "p95 {:.0f} ms"),
        ("spool_depth", "spool {:.0f}"),
    ):
        if key in tally.health:
            parts.append(form.format(tally.health[key]))
    return Text.assemble(("● ", status[1]), status[0], "  ·  ", "  ·  ".join(parts))


def save_svg(tally: Tally, seconds: float, path: Path) -> None:
    """Save the table as a picture. Raises DemoError when it cannot be written."""
    console = Console(record=True, width=_SVG_WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(view(tally, seconds))
    picture = console.export_svg(title="classpulse-edge demo", unique_id="classpulse")
    # Rich names fonts to fetch from the network; this picture shall load nothing from anywhere.
    try:
        path.write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")
    except OSError as error:
        raise DemoError(f"{path}: cannot be written ({error.strerror}); name another file") from error
