"""One screen that tells a technician what works on this device, and what to do about the rest."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from edge import gallery
from edge.authorisation import WARNING_DAYS, days, days_left
from edge.checks import check_broker, check_camera, model_speed
from edge.clock import Clock, SystemClock
from edge.config import Settings
from edge.errors import ClassPulseError
from edge.load_shedding import HOT_CELSIUS, Thermometer
from edge.loading import load_parts

_SPARE_BYTES = 200_000_000
"""Of free disk, beside what the spool may still take."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    subject: str
    text: str
    remedy: str = ""
    """What to do; empty when all is well."""

    @property
    def ok(self) -> bool:
        return not self.remedy


def examine(
    settings: Settings, clock: Clock | None = None, thermometer: Thermometer | None = None
) -> Iterator[Finding]:
    """Every finding, as soon as it is there. clock, thermometer: by default those of this machine."""
    clock = clock or SystemClock(settings.clock.synchronised)
    thermometer = thermometer or Thermometer()
    for subject, check in (
        ("authorisation", lambda: _authorisation(settings, clock)),
        ("clock", lambda: _clock(settings, clock)),
        ("models", lambda: _models(settings)),
        ("gallery", lambda: _gallery(settings)),
        ("camera", lambda: _camera(settings)),
        ("broker", lambda: Finding("broker", check_broker(settings))),
        ("disk", lambda: _disk(settings)),
        ("temperature", lambda: _temperature(thermometer)),
    ):
        yield _found(subject, check)


def screen(finding: Finding) -> str:
    """A finding as a line, or two when something is to be done."""
    line = f"{'OK  ' if finding.ok else 'FAIL'}  {finding.subject:<14} {finding.text}\n"
    return line if finding.ok else f"{line}      {'':<14} -> {finding.remedy}\n"


def _found(subject: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except ClassPulseError as error:
        reason, _, remedy = str(error).rpartition("; ")
        return Finding(subject, reason or str(error), remedy if reason else "see the journal and the README")


def _authorisation(settings: Settings, clock: Clock) -> Finding:
    authorisation = settings.authorisation
    left = days_left(authorisation, clock.now())
    text = f"{authorisation.reference}, until {authorisation.expires}"
    if left < 0:
        remedy = "nobody is observed: have it decided again and write it into [authorisation]"
        return Finding("authorisation", f"{text}: expired", remedy)
    if left <= WARNING_DAYS:
        return Finding("authorisation", f"{text}: {days(left)} left", "have it decided again before it expires")
    return Finding("authorisation", f"{text}, {days(left)}")


def _clock(settings: Settings, clock: Clock) -> Finding:
    now = f"{clock.now().astimezone():%Y-%m-%d %H:%M:%S %Z}"
    if settings.clock.synchronised == "assumed":
        return Finding("clock", f"{now}, assumed to be right")
    if clock.synchronised():
        return Finding("clock", f"{now}, synchronised")
    return Finding(
        "clock",
        f"{now}, not synchronised: nobody is observed",
        "check that a time server can be reached (timedatectl timesync-status), or set clock.synchronised",
    )


def _models(settings: Settings) -> Finding:
    speed = model_speed(settings, load_parts(settings))
    told = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in speed.items())
    if speed["detect"] > settings.emotion.reading_seconds:
        remedy = "choose a larger detector.min_face or a smaller camera.width and height"
        return Finding("models", f"{told}: too slow for this frame", remedy)
    return Finding("models", f"{told} ({settings.runtime.interpreter}, empty {_size(settings)} frame)")


def _size(settings: Settings) -> str:
    return f"{settings.camera.width}x{settings.camera.height}"


def _gallery(settings: Settings) -> Finding:
    path = settings.recognition.gallery
    students = 0
    if path.exists():
        key = gallery.read_key(settings.recognition.key_file)
        students = gallery.load(path, key, settings.recognition.model).searchable(date.today()).students
    if not students:
        remedy = "classpulse-edge enrol STUDENT PICTURE... --consent REFERENCE"
        return Finding("gallery", f"{path}: nobody may be identified", remedy)
    return Finding("gallery", f"{students} {'student' if students == 1 else 'students'} may be identified")


def _camera(settings: Settings) -> Finding:
    if _daemon_runs(settings.spool.path):
        return Finding("camera", "in use by the running classpulse-edge; systemctl status classpulse-edge shows it")
    return Finding("camera", check_camera(settings))


def _daemon_runs(spool: Path) -> bool:
    """Whether a daemon holds the lock beside the spool, and so most likely the camera."""
    try:
        descriptor = os.open(spool.with_name(spool.name + ".lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _disk(settings: Settings) -> Finding:
    folder = settings.spool.path.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free for {settings.spool.path}"
    if free < settings.spool.max_megabytes * 1_000_000 + _SPARE_BYTES:
        return Finding("disk", text, "free some, or write a smaller spool.max_megabytes")
    return Finding("disk", text)


def _temperature(thermometer: Thermometer) -> Finding:
    celsius = thermometer.celsius()
    text = f"{celsius:.0f} degrees" if celsius is not None else "not told by this machine"
    if thermometer.undervoltage():
        return Finding("temperature", f"{text}; the supply voltage is too low", "use the power supply made for it")
    if thermometer.throttled() or (celsius is not None and celsius >= HOT_CELSIUS):
        return Finding("temperature", f"{text}; slowed down by heat", "check ventilation and heat sink")
    return Finding("temperature", text)
