"""A school with a broker of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.school import School, WrittenBroker


@pytest.fixture
def school() -> Iterator[School]:
    # Not tmp_path: as root, Mosquitto becomes a user that may not enter it.
    with tempfile.TemporaryDirectory(prefix="classpulse-school-") as folder:
        Path(folder).chmod(0o755)
        yield School(Path(folder))


@pytest.fixture
def broker(school: School) -> Iterator[WrittenBroker]:
    with school.configure_broker() as broker:
        school.issue("room-101", "room-102", "central")
        yield broker
