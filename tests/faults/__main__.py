"""Break things by a seed, and write down what arrived.

python -m tests.faults --faults 200 --clip-faults 10 --outage 500000 --report docs/faults.md
python -m tests.faults --seed 7 --faults 10          (one run again)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.brokers import MOSQUITTO
from tests.faults.checkout import commit
from tests.faults.jobs import jobs, make_all
from tests.faults.outage import Outage, outage
from tests.faults.report import Origin, write_report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; default %(default)s")
    parser.add_argument("--faults", type=int, default=200, help="on thirty made-up students; default %(default)s")
    parser.add_argument("--clip-faults", type=int, default=0, help="on `classpulse-edge run` and the demo's clip")
    parser.add_argument("--longest", type=float, default=60.0, help="seconds of one fault; default %(default)s")
    parser.add_argument("--parallel", type=int, default=4, help="runs at a time; default %(default)s")
    parser.add_argument("--outage", type=int, default=0, metavar="N", help="then drain N observations of a day")
    parser.add_argument(
        "--folder",
        type=Path,
        help="keep results here, and go on from those that are there, if they are of the same commit",
    )
    parser.add_argument("--report", type=Path, help="write this Markdown file, and the same figures as .json beside it")
    return parser


def _command(arguments: argparse.Namespace) -> str:
    """What makes the same account on any machine."""
    names = ("seed", "faults", "clip_faults", "longest", "parallel", "outage")
    return " ".join(["python -m tests.faults", *(f"--{n.replace('_', '-')} {getattr(arguments, n)}" for n in names)])


def main() -> int:
    """0: all accounted for. 1: not. 2: wrong usage, or no Mosquitto."""
    arguments = _parser().parse_args()
    if MOSQUITTO is None:
        sys.stderr.write("Mosquitto is not installed: sudo apt install mosquitto\n")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        here = commit()
        chosen = jobs(
            folder.absolute(), arguments.seed, arguments.faults, arguments.clip_faults, arguments.longest, here
        )
        reused = sum(job.made() is not None for job in chosen)
        results = make_all(chosen, arguments.parallel)
        drained: Outage | None = None
        if arguments.outage:
            with tempfile.TemporaryDirectory(dir=folder) as place:
                drained = outage(Path(place), arguments.seed, arguments.outage)
    text = write_report(results.values(), drained, Origin(_command(arguments), here, reused))
    sys.stdout.write(text.markdown)
    if arguments.report is not None:
        arguments.report.write_text(text.markdown)
        arguments.report.with_suffix(".json").write_text(text.json)
    failed = any(result.verdict.failures for result in results.values()) or (drained is not None and drained.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
