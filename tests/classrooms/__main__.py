"""Compose seeded classrooms and judge what the pipeline says of them.

Prints how many tracks were named wrongly, how many strangers were named, and how soon the enrolled were, with 95%
intervals. A failure names its seed: `--seed N --clips 1 --video FILE.mp4` shows it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from rich.progress import track

from tests.classrooms.run import Run, judged
from tests.classrooms.tally import Tally


def main() -> int:
    """Run and print the table; 0: done."""
    parser = argparse.ArgumentParser(prog="python -m tests.classrooms", description=__doc__)
    parser.add_argument("images", type=Path, metavar="DIR", help="DIR/<person>/*.jpg, such as LFW's images")
    parser.add_argument("--clips", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the first clip (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of a clip (default %(default)s)")
    parser.add_argument("--fps", type=float, default=10.0, help="frames a second of a clip (default %(default)s)")
    parser.add_argument("--processes", type=int, default=1, help="that share the clips (default %(default)s)")
    parser.add_argument("--video", type=Path, metavar="FILE", help="draw the last clip there, as .mp4")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.clips)
    threads = 0 if arguments.processes == 1 else 1  # processes that share the CPUs must not each take all of them
    run = Run(arguments.images, arguments.seconds, arguments.fps, threads, arguments.video, seeds[-1])
    tally = Tally()
    # Not forked: the threads of an interpreter do not survive it.
    with ProcessPoolExecutor(arguments.processes, multiprocessing.get_context("spawn")) as pool:
        for clip in track(pool.map(partial(judged, run), seeds), "clips", total=len(seeds)):
            tally.merge(clip)
    sys.stdout.write(tally.table())
    for failure in tally.failures:
        sys.stdout.write(failure + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
