"""What a type and a range cannot say of the config: what an address means, which values exclude each other."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edge.camera_values import Rectangle
from edge.connection import is_this_machine
from edge.typed_values import CREDENTIAL_PREFIX, Places, WrongValueError, shown

HOST = r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?|[0-9A-Za-z:.]{2,45}(%[A-Za-z0-9_.-]{1,15})?"
"""A name, or an IPv4 or IPv6 address (`host` looks at those)."""

_NETWORK_CAMERA = re.compile(r"(?i:rtsps?)://[^/\s]+(/\S*)?")
_SECRET_IN_ADDRESS = re.compile(r"://[^/\s]*:[^/\s]*@|[?&;](pass\w*|pwd|token|key|secret)=", re.IGNORECASE)


_SMALLEST_FACE = 12
"""Pixels: the receptive field of MTCNN's first network."""
_SMALLEST_REGION = 0.05
"""Of the frame's width and height."""


def camera_source(written: str, places: Places) -> str:
    """What camera.source means: paths made absolute, an address taken out of its credential. Raises WrongValueError."""
    if written == "picamera2" or written.startswith("/dev/"):
        return written
    if written.startswith(CREDENTIAL_PREFIX):
        path = places.resolve(written)
        try:
            return _network_camera(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            reason = f"is {shown(written)}, and {path} cannot be read"
            raise WrongValueError(reason, "put rtsp://user:password@host/path into it") from error
    if _SECRET_IN_ADDRESS.search(written):
        raise WrongValueError(
            "holds a password, and others may read the config",
            'put the whole address into a systemd credential, and write "credential:NAME"',
        )
    if "://" in written:
        return _network_camera(written)
    if "/" not in written and difflib.get_close_matches(written, ["picamera2"], 1, 0.8):
        raise WrongValueError(f"is {shown(written)}", 'did you mean "picamera2"?')
    return str(places.resolve(written))


def _network_camera(address: str) -> str:
    if not _NETWORK_CAMERA.fullmatch(address):  # not shown: it may hold a password
        raise WrongValueError("is not the address of a network camera", "write rtsp://host/path")
    return address


def host(written: str, places: Places) -> str:
    """The broker's host as it was written. Raises WrongValueError when it has a port, or is no IPv6 address."""
    if ":" in written and not _is_address(written):
        raise WrongValueError(f"is {shown(written)}, which is no IP address", "write a port of its own: port = 8883")
    return written


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def contradictions(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong between values that are right by themselves: key, reason, remedy.

    values: by dotted key, those without mistakes; a rule that needs another one is passed over.
    """
    for rule, *keys in _RULES:
        if all(key in values for key in keys):
            mistake = rule(*(values[key] for key in keys))
            if mistake:
                yield keys[0], *mistake


Mistake = tuple[str, str]
"""Reason, remedy."""


def _larger_than_frame(min_face: int, height: int, width: int, rotation: int, region: Rectangle) -> Mistake | None:
    whole = width if rotation in (90, 270) else height
    shown = whole * (region[3] - region[1])
    if min_face <= shown:
        return None
    side = "width" if rotation in (90, 270) else "height"
    part = "" if shown == whole else f", of which camera.region shows {shown:.0f}"
    return f"is {min_face}, larger than a frame: camera.{side} is {whole}{part}", "write a smaller number"


def _too_reduced(detection_width: int, width: int, min_face: int) -> Mistake | None:
    if not 0 < detection_width < width or detection_width >= _SMALLEST_FACE * width / min_face:
        return None
    least = math.ceil(_SMALLEST_FACE * width / min_face)
    return (
        f"is {detection_width}: of detector.min_face = {min_face} pixels in camera.width = {width} it leaves "
        f"{detection_width * min_face / width:.0f}, and no face below {_SMALLEST_FACE} is found",
        f"write at least {least}, or a larger min_face",
    )


def _region_too_small(region: Rectangle) -> Mistake | None:
    if min(region[2] - region[0], region[3] - region[1]) >= _SMALLEST_REGION:
        return None
    return f"is narrower than {_SMALLEST_REGION:g} of the frame", "write a larger rectangle"


def _everything_masked(masks: tuple[Rectangle, ...], region: Rectangle) -> Mistake | None:
    for index, (x1, y1, x2, y2) in enumerate(masks):
        if x1 <= region[0] and y1 <= region[1] and x2 >= region[2] and y2 >= region[3]:
            return f"element {index + 1} covers the whole frame: nobody would be seen", "write a smaller rectangle"
    return None


def _longer_than_frame(exposure: str | int, frames_per_second: float) -> Mistake | None:
    longest = int(1e6 / frames_per_second)
    if isinstance(exposure, str) or exposure <= longest:
        return None
    return (
        f"is {exposure} microseconds, but camera.frames_per_second = {frames_per_second:g} leaves {longest} to a frame",
        "write a smaller number, or fewer frames_per_second",
    )


def _picamera2_only(value: object, source: str) -> Mistake | None:
    if value == "auto" or source == "picamera2":
        return None
    return 'is of use with source = "picamera2" only', "remove it, and set the camera by its own means"


def _never_enough(minimum: int, interval: float, reading_seconds: float, frames_per_second: float) -> Mistake | None:
    pause = max(reading_seconds, 1 / frames_per_second)
    most = int(interval / pause + 1e-9)
    if minimum <= most:
        return None
    return (
        f"is {minimum}, but in report.interval_seconds = {interval:g} a face is read at most {most} times, "
        f"once in {pause:g} seconds: nothing would ever be published",
        "write a smaller number, or a longer interval_seconds",
    )


def _alone(other: str) -> Callable[[object, object], Mistake | None]:
    def rule(one: object, partner: object) -> Mistake | None:
        if one is None or partner is not None:
            return None
        return f"is of no use without {other}", f"write {other} too, or remove this"

    return rule


def _same_file(other: str) -> Callable[[Path, Path], Mistake | None]:
    def rule(one: Path, another: Path) -> Mistake | None:
        if one != another:
            return None
        return f"is the file of {other} too: one would overwrite the other", "name another file"

    return rule


def _in_the_open(tls: bool, host: str) -> Mistake | None:
    if tls or is_this_machine(host):
        return None
    return (
        f"is false, and {host} is not this machine: anybody on the way could read what is published",
        "write tls = true, with ca_file if the school signs its own certificates",
    )


# A rule, the key that its mistake is told of, and what else it needs to know.
_RULES: tuple[tuple[Callable[..., Mistake | None], *tuple[str, ...]], ...] = (
    (
        _larger_than_frame,
        "detector.min_face",
        "camera.height",
        "camera.width",
        "camera.rotation",
        "camera.region",
    ),
    (_too_reduced, "camera.detection_width", "camera.width", "detector.min_face"),
    (_region_too_small, "camera.region"),
    (_everything_masked, "camera.masks", "camera.region"),
    (_longer_than_frame, "camera.exposure", "camera.frames_per_second"),
    (_picamera2_only, "camera.exposure", "camera.source"),
    (_picamera2_only, "camera.gain", "camera.source"),
    (_picamera2_only, "camera.white_balance", "camera.source"),
    (
        _never_enough,
        "report.minimum_readings",
        "report.interval_seconds",
        "emotion.reading_seconds",
        "camera.frames_per_second",
    ),
    (_alone("key_file"), "mqtt.certificate_file", "mqtt.key_file"),
    (_alone("certificate_file"), "mqtt.key_file", "mqtt.certificate_file"),
    (_alone("password_file"), "mqtt.username", "mqtt.password_file"),
    (_alone("username"), "mqtt.password_file", "mqtt.username"),
    (_in_the_open, "mqtt.tls", "mqtt.host"),
    (_same_file("recognition.gallery"), "spool.path", "recognition.gallery"),
    (_same_file("recognition.key_file"), "spool.path", "recognition.key_file"),
    (_same_file("recognition.gallery"), "recognition.key_file", "recognition.gallery"),
)
