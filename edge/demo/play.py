"""The demo from beginning to end."""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import TextIO

from edge.demo.broker import embedded_broker
from edge.demo.cast import CLASSROOM, STRANGER, STUDENTS, write_config
from edge.demo.device import daemon, enrol
from edge.demo.process import Process
from edge.demo.school import ACCOUNT, CLASSROOMS, school
from edge.demo.screen import Screen, save_svg
from edge.demo.subscriber import Subscriber
from edge.demo.tally import Tally

_REFRESH = 0.25
"""Seconds after which the screen is drawn again although no message came."""
_LAST_MESSAGES = 5.0
"""Seconds to wait for what the broker still has to deliver."""


def play(seconds: float, svg: Path | None, out: TextIO) -> int:
    """See `edge.demo.run`."""
    screen = Screen(out)
    started = time.monotonic()
    with (
        _stop_on_signal() as stop,
        tempfile.TemporaryDirectory(prefix="classpulse-demo-") as name,
        embedded_broker(Path(name)) as port,
        school(Path(name), port) as dashboard,
    ):
        config = write_config(Path(name), port)
        screen.say(f"Broker on 127.0.0.1:{port}. Device: {config}")
        for student in STUDENTS:
            if stop.is_set():
                return 1
            screen.say(f"Enrolling {student.student_id} from {student.picture.name}")
            enrol(config, student)
        tally = Tally(tuple(student.student_id for student in STUDENTS))
        screen.say(
            f"Dashboard: {dashboard.address}/   account {ACCOUNT}, password {dashboard.password}   "
            f"(this classroom, and {CLASSROOMS} simulated ones"
            + (f"; for {seconds:.0f} s: SECONDS=0 keeps it)" if seconds else ")")
        )
        with Subscriber(port, CLASSROOM) as subscriber, daemon(config) as device:
            watched = _watch(device, subscriber, tally, screen, seconds, stop)
            died = not device.running
            if svg is not None:
                save_svg(tally, watched, svg)
            exit_code = device.stop()
            _last_messages(subscriber, tally)
        tally.online = None  # now as somebody learns it who comes later: from what the broker has retained
        with Subscriber(port, CLASSROOM) as late:
            _last_messages(late, tally)
        _summarise(screen, tally, started)
        complaints = tally.complaints()
        complaints += dashboard.complaints()
        if died or exit_code:
            complaints.append(f"the daemon ended {'by itself ' if died else ''}with exit code {exit_code}")
        for complaint in complaints:
            screen.say(f"Not as it should be: {complaint}.")
        if complaints:
            screen.say(f"The daemon's last lines:\n{device.log_tail()}")
        return 1 if complaints else 0


def _watch(
    device: Process, subscriber: Subscriber, tally: Tally, screen: Screen, seconds: float, stop: threading.Event
) -> float:
    """Show what comes until the time is over, or the daemon is. Returns the seconds that this took."""
    started = time.monotonic()
    with screen.table():
        while True:
            try:
                news = tally.add(subscriber.inbox.get(timeout=_REFRESH))
            except Empty:
                news = None
            passed = time.monotonic() - started
            screen.show(tally, passed, news)
            if stop.is_set() or not device.running or (seconds and passed >= seconds):
                return passed


def _last_messages(subscriber: Subscriber, tally: Tally) -> None:
    """Take in what the broker still has to deliver, until the daemon's `offline`."""
    deadline = time.monotonic() + _LAST_MESSAGES
    while tally.online is not False:
        try:
            tally.add(subscriber.inbox.get(timeout=max(0.0, deadline - time.monotonic())))
        except Empty:
            return


def _summarise(screen: Screen, tally: Tally, started: float) -> None:
    if tally.first_observation is not None:
        screen.say(f"First observation {tally.first_observation - started:.1f} s after the start of the demo.")
    for student, row in sorted(tally.rows.items()):
        labels = ", ".join(f"{label} {count}" for label, count in row.labels.most_common())
        screen.say(f"{student}: {row.labels.total()} observations ({labels})")
    if "frames_per_second" in tally.health:
        screen.say(f"{tally.health['frames_per_second']:.1f} frames a second.")
    if not set(tally.rows) - set(tally.enrolled):
        screen.say(f"{STRANGER}, who is not enrolled, was in the picture all the time and never reported.")
    if tally.online is False:
        screen.say("The daemon has stopped; the broker keeps its status: offline.")


@contextmanager
def _stop_on_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that the daemon is stopped before the broker."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
