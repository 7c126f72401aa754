"""What the converter's tests share: the original system's files."""

from __future__ import annotations

from pathlib import Path

import pytest

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
