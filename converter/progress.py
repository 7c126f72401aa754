"""Progress bars on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, track

T = TypeVar("T")


class Steps:
    """A bar over work of known parts and unknown lengths: which part runs, how many are left, for how long."""

    def __init__(self, parts: int) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task = self._bars.add_task("", total=parts)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Show the bar while a part runs."""
        self._bars.update(self._task, description=what)
        with self._bars:
            yield
        self._bars.advance(self._task)


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    """items, shown as they are taken under the name `what`; total: how many, where items cannot tell."""
    console = Console(stderr=True)
    return track(items, description=what, total=total, console=console, transient=True, disable=not console.is_terminal)
