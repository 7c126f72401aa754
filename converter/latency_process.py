"""One model on one runtime in a process of its own: runs when told to, says how long it took.

    python -m converter.latency_process FOLDER NAME ROLE RUNTIME THREADS

FOLDER holds a manifest that lists the model NAME. Each line on standard input is a number of runs. Each line
on standard output is a JSON object: first {"memory": bytes} or {"problem": text}, then {"seconds": of the runs}.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.interpreter import Network, VectorNetwork
from edge.manifest import Manifest


def serve(folder: Path, name: str, role: str, runtime: str, threads: int) -> None:
    """Answer the lines on standard input until it ends."""
    before = _memory("VmRSS")
    try:
        run = _runner(folder, name, role, runtime, threads)
        run()
    except ModelError as error:
        _say({"problem": str(error).removeprefix(f"{folder}/")})
        return
    _say({"memory": max(0, _memory("VmHWM") - before)})
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            run()
        _say({"seconds": time.perf_counter() - start})


def _runner(folder: Path, name: str, role: str, runtime: str, threads: int) -> Callable[[], object]:
    manifest = Manifest(folder)
    entry = manifest.entry(name, role)
    random = np.random.default_rng(0)
    if role == "identify":
        vector = random.standard_normal(entry.input[0]).astype(np.float32)
        of_vectors = VectorNetwork(manifest, entry, runtime=runtime, threads=threads)
        return lambda: of_vectors(vector)
    pixels = random.integers(0, 256, (entry.batch, *entry.input), dtype=np.uint8)
    of_pictures = Network(manifest, entry, batch=entry.batch, runtime=runtime, threads=threads)
    return lambda: of_pictures(pixels)


def _memory(kind: str) -> int:
    """VmRSS (now) or VmHWM (at its peak) of this process, bytes; see proc(5)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) * 1024
    return 0


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _, folder, name, role, runtime, threads = sys.argv
    serve(Path(folder), name, role, runtime, int(threads))
