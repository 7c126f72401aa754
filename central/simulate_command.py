"""`classpulse-central simulate`: classrooms that nobody sits in, for demos and for load."""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from central import broker_options
from central.simulation.play import Pace, Progress, play
from central.simulation.pupils import PREFIX, Seat, seats
from edge.errors import ClassPulseError

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_TELL_SECONDS = 5.0
CONSENT = "simulated: nobody"
_COLUMNS = ("student_id", "display_name", "group", "tags", "notes", "consent_reference", "consent_expires")


def add_parser(commands: Commands) -> None:
    """Add the command to those of classpulse-central."""
    parser = commands.add_parser(
        "simulate",
        help="play classrooms that nobody sits in",
        description="Publish plausible labels of students who do not exist, through a real broker. All their IDs begin "
        f"with {PREFIX!r}, by which the dashboard marks them.",
        epilog="exit status: 0 done, 1 the broker cannot be reached or refuses, 2 wrong usage",
    )
    broker_options.add(parser, "each classroom's own certificate: {classroom} in a path stands for its ID")
    parser.add_argument("--classrooms", type=_count, default=3, metavar="N", help="1..999, default: %(default)s")
    parser.add_argument("--students", type=_count, default=24, metavar="M", help="in each; default: %(default)s")
    parser.add_argument(
        "--interval", type=broker_options.seconds, default=10.0, metavar="S",
        help="seconds between two observations of a student; default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--seconds", type=broker_options.seconds, metavar="S", help="end after S seconds")
    parser.add_argument("--no-outages", action="store_true", help="no classroom loses its connection now and then")
    parser.add_argument("--seed", type=int, default=1, help="the same one plays the same labels; default: %(default)s")
    parser.add_argument("--profiles", type=Path, metavar="CSV", help="write the students' made-up profiles, and end")
    parser.set_defaults(run=_simulate)


def _simulate(arguments: argparse.Namespace) -> int:
    everybody = seats(arguments.classrooms, arguments.students)
    if arguments.profiles is not None:
        _write_profiles(arguments.profiles, everybody)
        return 0
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    pace = Pace(arguments.interval, arguments.seconds or 0.0, not arguments.no_outages, arguments.seed)
    done = play(broker_options.settings(arguments), everybody, pace, stop, _teller())
    sys.stderr.write(f"{done.published} observations published\n")
    return 0


def _teller() -> Callable[[Progress], None]:
    """Says how it goes, now and then."""
    next_at = 0.0

    def tell(progress: Progress) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + _TELL_SECONDS
            sys.stderr.write(f"{progress.published} observations published, {progress.online} classrooms online\n")

    return tell


def _write_profiles(path: Path, everybody: Sequence[Seat]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for seat in everybody:
                group = f"class {seat.classroom.removeprefix(PREFIX)}"
                writer.writerow([seat.student_id, seat.name, group, "simulated", "", CONSENT, ""])
    except OSError as error:
        raise ClassPulseError(f"{path}: the profiles cannot be written: {error.strerror}") from error


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 999:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1..999")
    return int(text)
