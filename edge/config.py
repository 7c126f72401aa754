"""The config file: TOML in, frozen settings out; every mistake named at once, with its line.

The dataclasses below are the description of the file: `edge.config_file` checks a file against
them, and `edge.config_rules` adds what one value means for another. This is the only module that
reads the environment.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from edge import config_file
from edge.camera_values import EXPOSURE, GAIN, MASKS, REGION, ROTATION, WHITE_BALANCE, WHOLE, Rectangle
from edge.config_rules import HOST, camera_source, contradictions, host
from edge.records import LABELS
from edge.typed_values import Absolute, Meaning, Note, Range, Subset, Text
from edge.wire import ID_PATTERN

_MODEL_NAME = r"[a-z0-9][a-z0-9_.-]{0,62}"
_NAME_OF_MODEL = "the name of a model in the manifest"
_AUTHORISATION = (
    "It records who decided, on what ground, that expressions may be read here; it does not make a use lawful. "
    "The EU AI Act, Art. 5(1)(f), forbids inferring emotions in education except for medical or safety reasons, "
    "and consent is no exception: there is no default"
)


@dataclass(frozen=True)
class AuthorisationSettings:
    """The decision to observe that is on record. It records a decision; it does not make a use lawful."""

    basis: Annotated[Literal["medical", "safety", "outside-eu"], Note(_AUTHORISATION)]
    """Why expressions may be read: one of the two reasons the EU AI Act leaves open, or a place it does not reach."""
    approved_by: Annotated[str, Text(example="A. Smith, head of school")]
    """Who decided: name and office."""
    reference: Annotated[str, Text(example="DPIA 2026-014")]
    """Where the decision is filed."""
    expires: datetime.date
    """The last day of it, a date in the machine's time zone."""


@dataclass(frozen=True)
class CameraSettings:
    """Where pictures come from."""

    source: Annotated[str, Text(example="picamera2"), Meaning(camera_source)] = field(repr=False)
    """"picamera2", a device such as "/dev/video0", "rtsp://...", the path of a clip or of a folder of pictures, or
    "credential:NAME": a systemd credential that holds an rtsp address with its password, hence no repr."""
    width: Annotated[int, Range(160, 7680, "pixels")] = 1280
    """Of a frame, pixels, 160..7680."""
    height: Annotated[int, Range(120, 4320, "pixels")] = 720
    """Of a frame, pixels, 120..4320."""
    frames_per_second: Annotated[float, Range(1, 120)] = 10.0
    """Asked of the camera; the pace of a folder of pictures. 1..120."""
    loop: bool = False
    """A clip or folder starts again at its end."""
    rotation: Annotated[int, ROTATION] = 0
    """Degrees clockwise that turn the camera's picture upright: 0, 90, 180 or 270."""
    region: Annotated[Rectangle, REGION] = WHOLE
    """The part of the upright picture that is a frame, in fractions 0..1; all else is cut off."""
    masks: Annotated[tuple[Rectangle, ...], MASKS] = ()
    """Parts of the upright picture that are blanked before anything looks at it, in fractions 0..1; at most 64."""
    exposure: Annotated[Literal["auto"] | int, EXPOSURE] = "auto"
    """"auto" or microseconds, 20..1000000; picamera2 only."""
    gain: Annotated[Literal["auto"] | float, GAIN] = "auto"
    """Of the sensor: "auto" or a factor, 1..64; picamera2 only."""
    white_balance: Annotated[str | tuple[float, float], WHITE_BALANCE] = "auto"
    """"auto", a light by its name, or the gains of red and blue, 0.1..32; picamera2 only."""
    detection_width: Annotated[int, Range(0, 7680, "pixels")] = 0
    """Faces are looked for in the picture reduced to this width, pixels, 0..7680; 0: in the full frame. It is the width
    of the camera's whole picture, before rotation and region."""


@dataclass(frozen=True)
class DetectorSettings:
    """How faces are found."""

    method: Literal["mtcnn", "haar"] = "mtcnn"
    """"mtcnn" or "haar"."""
    min_face: Annotated[int, Range(12, 2000, "pixels")] = 40
    """Height of the smallest face box looked for, pixels of the frame, 12..2000."""
    confidence: Annotated[float, Range(0.1, 0.99)] = 0.8
    """Detector score below which a box is no face, 0.1..0.99."""
    every: Annotated[int, Range(1, 30, "frames")] = 1
    """Faces are looked for in every so-many-th frame, 1..30, and expected to move on in between. More than 1 saves
    work and loses fast movers: on the demo's clip 2 gave 15 observations where 1 gave 18."""


@dataclass(frozen=True)
class RecognitionSettings:
    """How students are recognised."""

    model: Annotated[str, Text("mobilefacenet", _MODEL_NAME, _NAME_OF_MODEL)] = "mobilefacenet"
    """Name in the manifest, role "embed"."""
    method: Literal["gallery", "classifier"] = "gallery"
    """"gallery": the nearest enrolled template; "classifier": a model trained on the students, among those enrolled."""
    classifier: Annotated[str, Text("face-classifier", _MODEL_NAME, _NAME_OF_MODEL)] = "face-classifier"
    """Name in the manifest, role "identify"; for method "classifier"."""
    gallery: Annotated[Path, Absolute()] = Path("/var/lib/classpulse/gallery.bin")
    """The encrypted gallery of enrolled students."""
    key_file: Path = Path("/etc/classpulse/gallery.key")
    """The key that decrypts it."""
    threshold: Annotated[float, Range(0.1, 1)] | None = None
    """Similarity, or confidence of the classifier, below which a face is unknown, 0.1..1. None: the model's own, from
    the manifest."""
    probes: Annotated[int, Range(1, 25)] = 3
    """Embeddings of one track that vote on who it is, 1..25."""
    recheck_seconds: Annotated[float, Range(1, 3600, "seconds")] = 10.0
    """A track's identity is checked again after this many seconds, 1..3600."""
    embeddings_per_frame: Annotated[int, Range(1, 64)] = 6
    """At most so many are computed for one frame, 1..64."""


@dataclass(frozen=True)
class EmotionSettings:
    """How expressions are read."""

    model: Annotated[str, Text("emotion", _MODEL_NAME, _NAME_OF_MODEL)] = "emotion"
    """Name in the manifest, role "emotion"."""
    readings_per_frame: Annotated[int, Range(1, 64)] = 8
    """At most so many are made for one frame, 1..64."""
    reading_seconds: Annotated[float, Range(0.05, 1, "seconds")] = 0.5
    """A track is read again after this many seconds, 0.05..1; slower would break every run of "tired"."""


@dataclass(frozen=True)
class ReportSettings:
    """When a label is sure enough to be published."""

    interval_seconds: Annotated[float, Range(1, 3600, "seconds")] = 5.0
    """One label per student in this many seconds, 1..3600."""
    labels: Annotated[tuple[str, ...], Subset(LABELS)] = LABELS
    """The labels that may be published; others are dropped on the device."""
    confidence: Annotated[float, Range(0, 1)] = 0.5
    """Mean probability below which nothing is published, 0..1."""
    minimum_readings: Annotated[int, Range(1, 1000)] = 3
    """With fewer readings in the interval nothing is published, 1..1000."""
    tired_seconds: Annotated[float, Range(0.5, 60, "seconds")] = 2.0
    """A run of "tired" readings this many seconds long is published as tired, 0.5..60."""


@dataclass(frozen=True)
class MqttSettings:
    """The broker."""

    host: Annotated[str, Text("broker.school.example", HOST, "a host name or an IP address"), Meaning(host)]
    """Name or address, without scheme and port."""
    port: Annotated[int, Range(1, 65535)] = 8883
    """TCP port, 1..65535."""
    tls: bool = True
    """May be false only where the broker is on this machine."""
    ca_file: Path | None = None
    """PEM: who may have signed the broker's certificate. None: the system's authorities."""
    certificate_file: Path | None = None
    """PEM: this classroom's certificate, whose common name is the classroom."""
    key_file: Path | None = None
    """PEM: the key of that certificate."""
    username: Annotated[str, Text(example="room-101")] | None = None
    """The MQTT user name: the classroom."""
    password_file: Path | None = None
    """A file that holds nothing but the password."""
    keepalive_seconds: Annotated[int, Range(5, 3600, "seconds")] = 30
    """Silence after which broker and daemon ask whether the other is still there, seconds, 5..3600."""


@dataclass(frozen=True)
class SpoolSettings:
    """Observations that the broker has not acknowledged yet."""

    path: Annotated[Path, Absolute()] = Path("/var/lib/classpulse/spool.db")
    """A SQLite file."""
    max_age_days: Annotated[float, Range(0.01, 365, "days")] = 7.0
    """Older ones are dropped, days, 0.01..365."""
    max_megabytes: Annotated[int, Range(1, 10000, "megabytes")] = 100
    """When the spool is larger the oldest are dropped, megabytes, 1..10000."""


@dataclass(frozen=True)
class HealthSettings:
    """The message about the machine."""

    interval_seconds: Annotated[float, Range(5, 3600, "seconds")] = 30.0
    """Published once in this many seconds, 5..3600."""


@dataclass(frozen=True)
class ClockSettings:
    """Which clock is believed."""

    synchronised: Literal["required", "assumed"] = "required"
    """"required": nobody is observed until a time server has set the clock; "assumed": the clock is right anyway, as
    where it runs on a battery and there is no time server."""


@dataclass(frozen=True)
class RuntimeSettings:
    """How models are run."""

    interpreter: Literal["litert", "tflite-runtime"] = "litert"
    """"litert" or "tflite-runtime"."""
    threads: Annotated[int, Range(0, 64)] = 0
    """Of one model, 0..64; 0: one per CPU. More than there are CPUs is very much slower."""
    models: Path | None = None
    """Folder of `manifest.toml` and the models. None: those that came with the program."""


@dataclass(frozen=True)
class Settings:
    """The whole config file."""

    classroom: Annotated[str, Text("room-101", ID_PATTERN, 'a-z, 0-9 and "-", at most 63 of them')]
    """Name of the room on the wire: a-z, 0-9 and "-", at most 63 of them."""
    authorisation: Annotated[AuthorisationSettings, Note(_AUTHORISATION)]
    camera: CameraSettings
    mqtt: MqttSettings
    detector: DetectorSettings = DetectorSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    emotion: EmotionSettings = EmotionSettings()
    report: ReportSettings = ReportSettings()
    spool: SpoolSettings = SpoolSettings()
    health: HealthSettings = HealthSettings()
    clock: ClockSettings = ClockSettings()
    runtime: RuntimeSettings = RuntimeSettings()


@dataclass(frozen=True)
class ServiceEnvironment:
    """What systemd says to a service by its environment."""

    notify_socket: str | None
    """Where it listens to the service; None outside one of Type=notify."""
    watchdog_seconds: float | None
    """`WatchdogSec=` of the unit; None: there is no watchdog."""
    journal_stream: str | None
    """"device:inode" of the stderr that leads to the journal; None where it does not."""
    credentials: Path | None
    """The folder of the files that `LoadCredential=` of the unit names; None outside a service that has any."""


def service_environment() -> ServiceEnvironment:
    """What systemd says to this process."""
    period = os.environ.get("WATCHDOG_USEC", "")
    # sd_watchdog_enabled(3): the variables may be inherited from a service that this process is not.
    ours = os.environ.get("WATCHDOG_PID") in (None, str(os.getpid()))
    return ServiceEnvironment(
        notify_socket=os.environ.get("NOTIFY_SOCKET") or None,
        watchdog_seconds=int(period) / 1e6 if ours and period.isdecimal() and int(period) > 0 else None,
        journal_stream=os.environ.get("JOURNAL_STREAM") or None,
        credentials=Path(folder) if (folder := os.environ.get("CREDENTIALS_DIRECTORY")) else None,
    )


def load(path: Path) -> Settings:
    """The settings in the file at path. Raises ConfigError, which names every mistake in it."""
    return parse(config_file.read_text(path, "edge.toml"), path)


def parse(text: str, path: Path) -> Settings:
    """The settings that text describes. path: where it was read, for messages and relative paths.

    Raises ConfigError, which names every mistake.
    """
    return config_file.parse(text, path, Settings, contradictions, service_environment().credentials)
