"""The unit as `systemd-analyze` sees it; needs no running systemd."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.systemd.device import CHECKOUT

UNIT = CHECKOUT / "systemd" / "classpulse-edge.service"
MOST = 2.0

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def analyze(*arguments: str) -> str:
    return subprocess.run(
        ["systemd-analyze", *arguments, str(UNIT)], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def test_exposure_is_low() -> None:
    report = analyze("security", "--offline=true", "--no-pager")
    print(report)
    found = re.search(r"Overall exposure level .*: ([0-9.]+)", report)
    assert found is not None
    assert float(found[1]) <= MOST


def test_every_exposure_is_explained_in_the_unit() -> None:
    report = analyze("security", "--offline=true", "--no-pager")
    text = UNIT.read_text()
    for setting in re.findall(r"^✗ (\w+)=", report, flags=re.MULTILINE):
        assert re.search(rf"^#.*{setting}=|^{setting}=", text, flags=re.MULTILINE), setting


def test_installer_passes_shellcheck() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")
    scripts = [CHECKOUT / "systemd" / name for name in ("install", "classpulse-edge.sh")]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
