"""What the tests share: the shipped models, the portraits, settings, and the research data where it is.

`pytest --hypothesis-profile=thorough` runs fifty times as many examples of every property as an ordinary run.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import hypothesis
import pytest

from edge.config import Settings, parse
from edge.embedder import Embedder
from edge.manifest import Manifest
from edge.mtcnn import MtcnnDetector
from tests.tally import Tally

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

# Conversion needs it, training would turn it round, and whichever test of a process imports TensorFlow first decides.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
hypothesis.settings.register_profile("thorough", max_examples=50 * hypothesis.settings().max_examples, deadline=None)
TALLIES = pytest.StashKey[defaultdict[str, Tally]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLIES] = defaultdict(Tally)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for subject, tally in config.stash[TALLIES].items():
        terminalreporter.section(subject)
        for line in tally.lines():
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def tallies(pytestconfig: pytest.Config) -> defaultdict[str, Tally]:
    """By subject; shown at the end of the run."""
    return pytestconfig.stash[TALLIES]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Valid settings that keep everything in the test's own folder."""
    return parse(CONFIG.format(folder=tmp_path), tmp_path / "edge.toml")


@pytest.fixture(scope="module")
def module_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same for a module whose tests write nothing."""
    folder = tmp_path_factory.mktemp("settings")
    return parse(CONFIG.format(folder=folder), folder / "edge.toml")


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
