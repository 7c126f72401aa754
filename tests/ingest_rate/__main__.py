"""python -m tests.ingest_rate [--rate N] [--seconds S] [--kill]: what central takes in, and what that costs.

Mosquitto, `classpulse-central serve` and a publisher, all on this machine; nothing is simulated. Exit code 1 where
anything was lost, doubled or miscounted, or the rate was not kept up.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.ingest_rate.run import Load, Outcome, run

_KEPT_UP_SECONDS = 2.0
"""What is stored so soon after the last publish was no backlog."""


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.ingest_rate", description=__doc__)
    parser.add_argument("--rate", type=int, default=5000, help="observations a second; default: %(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="default: %(default)s")
    parser.add_argument("--rooms", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--students", type=int, default=30, help="in each classroom; default: %(default)s")
    parser.add_argument("--kill", action="store_true", help="kill -9 serve after a third of the time")
    given = parser.parse_args()
    kill_after = given.seconds / 3 if given.kill else None
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Load(given.rate, given.seconds, given.rooms, given.students, kill_after), Path(folder))
    _print(outcome)
    kept_up = given.kill or outcome.drained_seconds < _KEPT_UP_SECONDS
    if not kept_up:
        print("the rate was not kept up")
    return 0 if kept_up and not outcome.wrong else 1


def _print(outcome: Outcome) -> None:
    seconds = outcome.flood.seconds
    print(
        f"published    {outcome.published} observations in {seconds:.1f} s: {outcome.published / seconds:.0f} a second"
    )
    print(f"stored       all {outcome.drained_seconds:.2f} s after the last, {outcome.megabytes:.0f} MB")
    delays = ", ".join(f"p{percent} {delay:.3f} s" for percent, delay in outcome.delays.items())
    print(f"delay        from observed to stored: {delays}")
    total = seconds + outcome.drained_seconds
    shares = ", ".join(f"{name} {used / total:.0%}" for name, used in outcome.processor_seconds.items())
    print(f"processors   {shares} of one of {os.cpu_count()}")
    print(f"wrong        {'; '.join(outcome.wrong) or 'nothing lost, doubled or miscounted'}")


if __name__ == "__main__":
    sys.exit(main())
