"""What the tests' stand-ins for a camera have in common."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any


class WithoutDevice(AbstractContextManager[Any]):
    """There is nothing to open, and nothing to close."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
