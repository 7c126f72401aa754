"""What the daemon tells of its machine. Nothing here is about people: `edge.wire` lists all that may leave."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge.load_shedding import Thermometer
from edge.publisher import Publisher
from edge.spool import Spool
from edge.version import installed_version

_MEMORY = Path("proc/meminfo")
_PROCESS = Path("proc/self/statm")
_SHA256_PREFIX = 12


class Health:
    """Gathers the health message of one run."""

    def __init__(self, models: Mapping[str, str], disk: Path, root: Path = Path("/")) -> None:
        """models: sha256 in hex by model name; disk: a folder whose disk matters; root: where /proc and /sys are."""
        self._models = {name: sha256[:_SHA256_PREFIX] for name, sha256 in models.items()}
        self._disk, self._root = disk, root
        self._thermometer = Thermometer(root)
        self._began = time.monotonic()
        self._version = installed_version()

    def message(
        self,
        spool: Spool,
        publisher: Publisher,
        frames_per_second: float,
        dropped_frames: int,
        inference_seconds: Sequence[float] = (),
        observing: Mapping[str, float | str | None] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """The figures of now; what this machine cannot tell is left out.

        inference_seconds: how long each inference took since the last message; observing: how that goes, by
        further keys of the wire's allow-list.
        """
        status = spool.status()
        figures: dict[str, float | str | None] = {
            "uptime_seconds": round(time.monotonic() - self._began, 1),
            "frames_per_second": round(frames_per_second, 2),
            "dropped_frames": dropped_frames,
            "spool_depth": status.depth,
            "spool_oldest_seconds": round(status.oldest_seconds, 1),
            "spool_dropped": status.dropped,
            "spool_erased": status.erased,
            "spool_storage": "disk" if status.on_disk else "memory",
            "reconnects": publisher.reconnects,
            "refusals": publisher.refusals,
            "connection_refusals": publisher.connection_refusals,
            "temperature_celsius": self._thermometer.celsius(),
            "throttled_bits": self._thermometer.flags(),
            "disk_free_bytes": self._disk_free(),
            "memory_bytes": self._memory(),
            "memory_available_bytes": self._memory_available(),
            **_inference(inference_seconds),
            **observing,
        }
        known = {name: value for name, value in figures.items() if value is not None}
        return {"version": self._version, **known, "models": self._models}

    def _disk_free(self) -> int | None:
        try:
            return shutil.disk_usage(self._disk).free
        except OSError:
            return None

    def _memory(self) -> int | None:
        """Resident memory of this process, bytes (proc(5): the second field of statm, in pages)."""
        fields = (_read(self._root / _PROCESS) or "").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if len(fields) > 1 else None

    def _memory_available(self) -> int | None:
        for line in (_read(self._root / _MEMORY) or "").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
        return None


def _inference(seconds: Sequence[float]) -> dict[str, float | None]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {"inference_p50_ms": round(cuts[9] * 1000, 2), "inference_p95_ms": round(cuts[18] * 1000, 2)}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
