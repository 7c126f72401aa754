"""The units as `systemd-analyze` sees them; needs no running systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.systemd.device import CHECKOUT

UNITS = [CHECKOUT / "systemd" / f"classpulse-{part}.service" for part in ("edge", "central")]
MOST = 2.0

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@pytest.fixture(params=UNITS, ids=lambda unit: unit.stem)
def unit(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def security(unit: Path) -> str:
    return subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_exposure_is_low(unit: Path) -> None:
    report = security(unit)
    print(report)
    found = re.search(r"Overall exposure level .*: ([0-9.]+)", report)
    assert found is not None
    assert float(found[1]) <= MOST


def test_every_exposure_is_explained_in_the_unit(unit: Path) -> None:
    report = security(unit)
    text = unit.read_text()
    for setting in re.findall(r"^✗ (\w+)=", report, flags=re.MULTILINE):
        assert re.search(rf"^#.*{setting}=|^{setting}=", text, flags=re.MULTILINE), setting


def test_installer_passes_shellcheck() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")
    scripts = [CHECKOUT / "systemd" / name for name in ("install", "classpulse-edge.sh", "classpulse-central.sh")]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
