"""What the converter's tests share: the original system's files, and a Keras that reads each file once."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter import keras_process
from edge.records import LABELS
from tests.converter.cartoons import drawn_face, train_emotion
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


@pytest.fixture(scope="session")
def cartoons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty drawn faces of each label."""
    folder = tmp_path_factory.mktemp("cartoons")
    generator = np.random.default_rng(7)
    for label, name in enumerate(LABELS):
        (folder / name).mkdir()
        for number in range(40):
            cv2.imwrite(str(folder / name / f"{number}.png"), drawn_face(label, generator))
    return folder


@pytest.fixture(scope="session")
def trained(cartoons: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that tells them apart, 32 px, with its description beside it."""
    output = tmp_path_factory.mktemp("model") / "cartoons.keras"
    assert train_emotion([str(cartoons), "-o", str(output), "--epochs", "30", "--size", "32", "--held-out", "0.2"]) == 0
    return output
