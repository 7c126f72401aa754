"""What the converter's tests share: the original system's files, and a Keras that reads each file once."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter import keras_process
from tests.converter.legacy_models import (
    ORIGINAL_SET,
    VGG_FACE_DENSE_WEIGHTS,
    VGG_FACE_NO_TOP_WEIGHTS,
    VGG_FACE_WEIGHTS,
    write_legacy_models,
)


@pytest.fixture(scope="session")
def legacy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original system's files and the public ports' weights, VGG-Face 16 times narrower; read only."""
    folder = tmp_path_factory.mktemp("legacy")
    ports = (VGG_FACE_WEIGHTS, VGG_FACE_DENSE_WEIGHTS, VGG_FACE_NO_TOP_WEIGHTS)
    write_legacy_models(folder, *ORIGINAL_SET, *ports)
    return folder


@pytest.fixture(scope="module")
def read_once() -> Iterator[Any]:
    """Keras reads a file once, however often it is converted: its process takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        cached = functools.cache(keras_process.read)
        patch.setattr(keras_process, "read", cached)
        yield cached
