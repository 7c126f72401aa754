"""The health message: the machine's figures, all of them on the allow-list."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edge.config import SpoolSettings
from edge.health import Health
from edge.spool import Spool
from edge.wire import WireError, decode_health, encode_health

PUBLISHER: Any = SimpleNamespace(reconnects=2, refusals=5, connection_refusals=1)
SHA256 = "0123456789abcdef" * 4


def message(tmp_path: Path, root: Path, disk: Path | None = None, **changes: Any) -> dict[str, Any]:
    with Spool(SpoolSettings(path=tmp_path / "spool.db")) as spool:
        health = Health({"emotion": SHA256}, disk or tmp_path, root)
        return health.message(spool, PUBLISHER, 9.876, 3, **changes)


def machine(root: Path) -> Path:
    for name, content in {
        "sys/class/thermal/thermal_zone0/temp": "48312\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
        "proc/meminfo": "MemTotal:  8000000 kB\nMemAvailable:    1024 kB\n",
        "proc/self/statm": "9000 25 10 1 0 300 0\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_figures_are_those_of_the_machine_and_may_leave(tmp_path: Path) -> None:
    health = message(tmp_path, machine(tmp_path / "root"), inference_seconds=[0.01 * n for n in range(1, 101)])
    assert health["temperature_celsius"] == 48.312
    assert health["throttled_bits"] == 0x50005  # too little voltage, throttled: both now, and before
    assert health["memory_available_bytes"] == 1024 * 1024
    assert health["memory_bytes"] % 25 == 0
    assert health["disk_free_bytes"] > 0
    assert (health["frames_per_second"], health["dropped_frames"]) == (9.88, 3)
    assert (health["reconnects"], health["refusals"], health["spool_depth"]) == (2, 5, 0)
    assert health["inference_p50_ms"] == pytest.approx(505, abs=10)
    assert health["inference_p95_ms"] == pytest.approx(950, abs=10)
    assert (health["spool_dropped"], health["spool_erased"], health["spool_storage"]) == (0, 0, "disk")
    assert health["connection_refusals"] == 1
    assert health["models"] == {"emotion": "0123456789ab"}
    assert decode_health(encode_health(health)) == health


def test_what_the_machine_cannot_tell_is_left_out(tmp_path: Path) -> None:
    health = message(tmp_path, tmp_path / "nothing", disk=tmp_path / "gone")
    told_by_the_machine = {
        "temperature_celsius", "throttled_bits", "memory_bytes", "memory_available_bytes", "disk_free_bytes",
    }  # fmt: skip
    assert not told_by_the_machine & health.keys()
    assert decode_health(encode_health(health)) == health


def test_this_machine_can_be_read(tmp_path: Path) -> None:
    assert message(tmp_path, Path("/"))["memory_bytes"] > 1_000_000


def test_how_observing_goes_may_leave_by_these_words_only(tmp_path: Path) -> None:
    observing = {"camera": "failed", "paused": None, "camera_failures": 3, "authorisation_days_left": 12}
    health = message(tmp_path, tmp_path / "nothing", observing=observing)
    assert (health["camera"], health["camera_failures"]) == ("failed", 3)
    assert "paused" not in health
    assert decode_health(encode_health(health)) == health
    for wrong in ({"camera": "s-001"}, {"camera": ["failed"]}, {"paused": True}, {"mood": "happy"}):
        with pytest.raises(WireError):
            encode_health({**health, **wrong})
