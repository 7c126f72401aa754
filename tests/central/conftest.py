"""What the tests of the store and of the API share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.store.store import Store
from tests.central.web_clients import Dashboard, open_dashboard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "central.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    with open_dashboard(tmp_path) as dashboard:
        yield dashboard
