"""What the tests share: the shipped models, the portraits, settings, and the research data where it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.config import Settings, parse
from edge.embedder import Embedder
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector

PORTRAITS = Path(__file__).resolve().parent.parent / "edge" / "demo" / "portraits"

CONFIG = """
classroom = "room-101"
[authorisation]
basis = "safety"
approved_by = "the tests"
reference = "none"
expires = 2099-12-31
[camera]
source = "/dev/video0"
[recognition]
gallery = "{folder}/gallery.bin"
key_file = "{folder}/gallery.key"
[mqtt]
host = "127.0.0.1"
tls = false
[spool]
path = "{folder}/spool.db"
[clock]
synchronised = "assumed"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Valid settings that keep everything in the test's own folder."""
    return parse(CONFIG.format(folder=tmp_path), tmp_path / "edge.toml")


@pytest.fixture(scope="session")
def portraits() -> Path:
    """The folder of public-domain portraits."""
    return PORTRAITS


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    """The shipped models."""
    return Manifest()


@pytest.fixture(scope="session")
def detector(manifest: Manifest) -> MtcnnDetector:
    return MtcnnDetector(manifest, min_face=40)


@pytest.fixture(scope="session")
def embedder(manifest: Manifest) -> Embedder:
    return Embedder(manifest, "mobilefacenet")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The unpacked research data; the test skips where there is none."""
    folder = os.environ.get("CLASSPULSE_DATA")
    if not folder:
        pytest.skip("CLASSPULSE_DATA is not set: no research data here")
    return Path(folder)
