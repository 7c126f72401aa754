"""Fill a database with a year of a school, ask for everything that the dashboard shows, and print how long it took.

Exit code 1: one question in twenty of a kind took 200 ms or more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from central.store.store import Store
from tests.school_year.filling import fill
from tests.school_year.measure import measure
from tests.school_year.year import ZONE, Year

MOST_MILLISECONDS = 200


def main() -> int:
    """Fill, ask, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.school_year", description=__doc__)
    parser.add_argument("--classrooms", type=int, default=10, help="of thirty students each (default %(default)s)")
    parser.add_argument("--interval", type=int, default=10, help="seconds between two observations (%(default)s)")
    parser.add_argument("--calls", type=int, default=100, help="of each question (default %(default)s)")
    parser.add_argument("--database", type=Path, help="fill this one, if it is not there, and keep it")
    arguments = parser.parse_args()
    year = Year(classrooms=arguments.classrooms, interval=arguments.interval)
    with tempfile.TemporaryDirectory() as scratch:
        path: Path = arguments.database or Path(scratch) / "central.db"
        if not path.exists():
            began = time.monotonic()
            fill(path, year)
            sys.stdout.write(f"filled in {time.monotonic() - began:.0f} s\n")
        return _judge(path, year, arguments.calls)


def _judge(path: Path, year: Year, calls: int) -> int:
    with Store(path, ZONE) as store:
        sys.stdout.write(f"{sum(1 for _ in year.pupils())} students, {len(year.days())} school days, "
                         f"{store.bytes() / 1e6:.0f} MB\n")  # fmt: skip
    sys.stdout.write(
        "| question | role | median, ms | p95, ms | longest, ms | processor p95, ms | answer, kB |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    slowest = 0.0
    for answer in measure(path, year, calls):
        slowest = max(slowest, answer.p95)
        sys.stdout.write(
            f"| {answer.question.name} | {answer.question.role} | {answer.median:.1f} | {answer.p95:.1f} | "
            f"{answer.longest:.1f} | {answer.processor:.1f} | {answer.bytes / 1000:.1f} |\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"the slowest kind: {slowest:.1f} ms at the 95th percentile\n")
    return int(slowest >= MOST_MILLISECONDS)


if __name__ == "__main__":
    sys.exit(main())
