"""Compose seeded classrooms and judge what the pipeline says of them.

Prints how many tracks were named wrongly, how many strangers were named, and how soon the enrolled were, with 95%
intervals. A failure names its seed: `--seed N --clips 1 --video FILE.mp4` shows it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from converter.face_figures import read_aliases
from edge.config import parse
from edge.loading import load_parts
from tests.classrooms.casting import Casting
from tests.classrooms.people import People
from tests.classrooms.play import play
from tests.classrooms.tally import Tally
from tests.conftest import CONFIG

ALIASES = Path(__file__).resolve().parents[1] / "integration" / "lfw_aliases.txt"


def main() -> int:
    """Run and print the table; 0: done."""
    parser = argparse.ArgumentParser(prog="python -m tests.classrooms", description=__doc__)
    parser.add_argument("images", type=Path, metavar="DIR", help="DIR/<person>/*.jpg, such as LFW's images")
    parser.add_argument("--clips", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the first clip (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of a clip (default %(default)s)")
    parser.add_argument("--fps", type=float, default=10.0, help="frames a second of a clip (default %(default)s)")
    parser.add_argument("--video", type=Path, metavar="FILE", help="draw the last clip there, as .mp4")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = parse(CONFIG.format(folder=folder), Path(folder) / "edge.toml")
    parts = load_parts(settings)
    people = People(arguments.images, parts.detector)
    casting = Casting(people, parts.embedder, read_aliases(ALIASES))
    tally = Tally()
    seeds = range(arguments.seed, arguments.seed + arguments.clips)
    for seed in track(seeds, "clips"):
        room = casting.room(seed, arguments.seconds, arguments.fps)
        video = arguments.video if seed == seeds[-1] else None
        tally.add(play(room, settings, parts, video), f"--seed {seed}")
    sys.stdout.write(tally.table())
    for failure in tally.failures:
        sys.stdout.write(failure + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
