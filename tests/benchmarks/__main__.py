"""Time ours beside others on the same frames, in turns, each in a process of its own; say whether what must hold does.

python -m tests.benchmarks [--quick] [--only detectors pipelines ...] [--write DIR]
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from edge.interpreter import cpu_threads
from tests.benchmarks import chart, detectors, floor, pipelines, prepare, report, verdicts
from tests.benchmarks.ours import FULL_ROOM
from tests.benchmarks.process import CHECKOUT
from tests.benchmarks.realtime import Run
from tests.benchmarks.side import Options
from tests.benchmarks.worker import json_of

PARTS = ("detectors", "pipelines", "realtime", "floor")
REAL_TIME_SECONDS = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, write. Returns 1 when something that must hold does not."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if "floor" in chosen.only and "pipelines" not in chosen.only:
        parser.error("--only floor needs pipelines too: the distance is to what they took")
    results = report.Results(_machine())
    with tempfile.TemporaryDirectory(prefix="classpulse-bench-") as folder:
        _measure(chosen, Path(folder), results)
    text = report.markdown(results, "bench.png" if chosen.write else None)
    sys.stdout.write(text)
    if chosen.write:
        _write(chosen.write, results, text)
    return 0 if all(verdict.holds for verdict in results.verdicts) else 1


def _measure(chosen: argparse.Namespace, work: Path, results: report.Results) -> None:
    only, quick, rounds = chosen.only, chosen.quick, 2 if chosen.quick else chosen.rounds
    if "detectors" in only:
        results.detectors, missing = detectors.compare(work, chosen.peers_python, rounds, quick, _say)
        results.missing += missing
        results.verdicts += verdicts.of_detectors(results.detectors)
    if {"pipelines", "realtime"}.isdisjoint(only):
        return
    frames = prepare.write_rooms(work, pipelines.rooms(quick), chosen.people, _say)
    floats, int8 = (None, None) if quick or "pipelines" not in only else prepare.original_models(chosen.cache, _say)
    options = Options(0, floats, int8, Path(frames[FULL_ROOM][0]))
    if "realtime" in only:
        for every in (1, 3):
            _say(f"real time, {FULL_ROOM}, every = {every}")
            run = _real_time(Path(frames[FULL_ROOM][0]).parent, options, every, 3.0 if quick else REAL_TIME_SECONDS)
            results.real_time.append(run)
            results.verdicts += verdicts.of_full_room(run)
    if "pipelines" in only:
        results.pipelines, missing = pipelines.compare(frames, options, chosen.peers_python, rounds, quick, _say)
        results.missing += missing
        results.verdicts += verdicts.of_pipelines(results.pipelines)
    if "floor" in only and not quick:
        _say("the floor")
        results.gemm = floor.rates()
        named = {(room.faces, room.width, room.height): files for room, files in frames.items()}
        results.floors = floor.floors(results.pipelines, named, options, results.gemm)


def _real_time(folder: Path, options: Options, every: int, seconds: float) -> Run:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.realtime",
        str(folder),
        json_of(options),
        str(every),
        str(seconds),
    ]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the run in real time failed: {done.stderr.strip()[-500:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _write(folder: Path, results: report.Results, text: str) -> None:
    (folder / "bench.md").write_text(text, encoding="utf-8")
    (folder / "bench.json").write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")
    (folder / "bench.png").write_bytes(chart.chart(results.detectors, results.pipelines))
    _say(f"written: bench.md, bench.json, bench.png in {folder}")


def _machine() -> dict[str, str]:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    named = {"LiteRT": "ai-edge-litert", "OpenCV": "opencv-python-headless", "numpy": "numpy"}
    return {
        f"{cpu_threads(0)} CPUs of an": model,
        "Python": platform.python_version(),
        **{name: version(package) for name, package in named.items()},
    }


def _say(what: str) -> None:
    """A line of progress, apart from what is measured."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="(default: all)")
    parser.add_argument("--quick", action="store_true", help="ours and Haar only, a few frames: under a minute")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side (default %(default)s)")
    parser.add_argument(
        "--cache", type=Path, default=CHECKOUT / ".cache" / "bench", metavar="DIR",
        help="the original system's models, 750 MB, made in some minutes if they are not there (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--peers-python", type=Path, default=CHECKOUT / ".venv-peers" / "bin" / "python", metavar="FILE",
        help="of the peers on PyTorch (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--people",
        type=Path,
        metavar="DIR",
        help="a folder of pictures for each of 30 people, in the place of the portraits",
    )
    parser.add_argument("--write", type=Path, metavar="DIR", help="where bench.md, bench.json and bench.png go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
