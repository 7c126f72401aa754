"""One side in a process of its own: looks at frames when told to, says how long each took.

    python -m tests.benchmarks.worker SIDE OPTIONS

OPTIONS is a JSON object of `side.Options`. Each line on standard input is a JSON list of [file, seconds]: frames as
.npy, and when on the camera's clock. Each line on standard output is a JSON object: at first {"peak"} or {"problem"},
then {"seconds", "cpu", "seen", "peak"}: per frame wall time, processor time of all threads, and `side.Seen` as a list;
and the peak of resident memory, bytes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from tests.benchmarks.side import Options, Side
from tests.benchmarks.sides import SIDES


def serve(side: Side, answers: TextIO) -> None:
    """Answer the lines on standard input until it ends."""
    _say(answers, {"peak": peak_memory()})
    for line in sys.stdin:
        seconds, cpu, seen = [], [], []
        for file, moment in json.loads(line):
            image = np.load(file)
            cpu_before, before = time.process_time(), time.perf_counter()
            result = side.look(image, moment)
            seconds.append(time.perf_counter() - before)
            cpu.append(time.process_time() - cpu_before)
            seen.append(astuple(result))
        _say(answers, {"seconds": seconds, "cpu": cpu, "seen": seen, "peak": peak_memory()})


def peak_memory() -> int:
    """Of this process since it began, resident, bytes; see VmHWM in proc(5)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status names no VmHWM; memory can only be measured on Linux")


def options_of(text: str) -> Options:
    """The options that `json_of` wrote."""
    given = json.loads(text)
    threads = given.pop("threads")
    return Options(threads, **{key: Path(path) if path else None for key, path in given.items()})


def json_of(options: Options) -> str:
    """For the command line of a process."""
    return json.dumps({key: str(value) if isinstance(value, Path) else value for key, value in asdict(options).items()})


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def main(name: str, options: str) -> None:
    """Open the side, and serve it."""
    # Some libraries print what they do: standard output is ours alone.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        side = SIDES[name].make(options_of(options))
    except ImportError as error:
        _say(answers, {"problem": f"not installed: {error}"})
        return
    serve(side, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
