"""Play a clip to the daemon for hours of it, faster than real time, and watch its memory; or show it an empty room.

Exit code 1: the memory grew by 2% or more, was 250 MB or more, or the empty room took 5% of a processor or more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from edge.demo.broker import embedded_broker
from tests.brokers import Recorder
from tests.soak.rooms import composed_room, demo_room
from tests.soak.run import MOST_MEMORY, Sample, empty_room, growth, soak

MOST_GROWTH = 0.02
MOST_PROCESSOR = 0.05
ROWS = 12


def main() -> int:
    """Run and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="of the clip, or of the empty room (%(default)s)")
    parser.add_argument("--images", type=Path, metavar="DIR", help="compose thirty people from DIR/<person>/*.jpg")
    parser.add_argument("--seed", type=int, default=0, help="of the composed room (default %(default)s)")
    parser.add_argument("--empty", action="store_true", help="measure the processor time of an empty room instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, embedded_broker(Path(scratch)) as port, Recorder(port) as recorder:
        folder = Path(scratch)
        images: Path | None = arguments.images
        config = composed_room(folder, port, images, arguments.seed) if images else demo_room(folder, port)
        if arguments.empty:
            return _judge_processor(empty_room(config, 60 * arguments.minutes))
        return _judge_memory(config, recorder, arguments.minutes)


def _judge_processor(share: float) -> int:
    sys.stdout.write(f"a still, empty room takes {share:.1%} of one processor\n")
    return int(share >= MOST_PROCESSOR)


def _judge_memory(config: Path, recorder: Recorder, minutes: float) -> int:
    sys.stdout.write("| minute of the clip | memory, MB | peak, MB | observations |\n|---|---|---|---|\n")
    samples: list[Sample] = []
    rows = 0
    for sample in soak(config, recorder, 60 * minutes):
        samples.append(sample)
        if sample.seconds >= rows * 60 * minutes / ROWS:
            rows += 1
            memory, peak = sample.resident / 1e6, sample.peak / 1e6
            sys.stdout.write(f"| {sample.seconds / 60:.1f} | {memory:.1f} | {peak:.1f} | {sample.observations} |\n")
            sys.stdout.flush()
    more, peak = growth(samples), samples[-1].peak
    sys.stdout.write(f"\nmemory grew by {more:.2%}; at its peak it was {peak / 1e6:.0f} MB\n")
    return int(more >= MOST_GROWTH or peak >= MOST_MEMORY)


if __name__ == "__main__":
    sys.exit(main())
