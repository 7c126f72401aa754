"""The errors ClassPulse raises on purpose.

    ClassPulseError
    ├── ConfigError           the config file is wrong: says file:line, key, reason, remedy
    ├── AuthorisationError    no valid decision to observe is on record
    ├── ModelError            a model or manifest is missing, damaged or of the wrong kind
    ├── CameraError           a frame source cannot be opened or has stopped
    ├── PictureError          a picture cannot be read, or cannot be enrolled
    ├── GalleryError          the gallery or its key is missing, damaged or refuses a change
    ├── SpoolError            the spool cannot be opened or written
    └── BrokerError           the broker refused the connection or a message

Every message says what is wrong, where, and what to do next. Only the console entry points turn
an error into an exit code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.typed_toml import Problem


class ClassPulseError(Exception):
    """Root of all expected errors; `exit_code` is what the process ends with."""

    exit_code = 1


class ConfigError(ClassPulseError):
    """The config file is wrong. 78 is EX_CONFIG of sysexits.h: restarting will not help."""

    exit_code = 78

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        """message: one line for each mistake; problems: the same mistakes, for programs."""
        super().__init__(message)
        self.problems = tuple(problems)


class AuthorisationError(ClassPulseError):
    """Observing is not authorised, or no longer. Restarting will not help either."""

    exit_code = 77  # EX_NOPERM of sysexits.h


class ModelError(ClassPulseError):
    """A model file or the manifest is missing, damaged or does not fit its role."""


class CameraError(ClassPulseError):
    """A frame source cannot be opened, or stopped giving frames."""


class PictureError(ClassPulseError):
    """A picture cannot be read or does not show exactly one usable face."""


class GalleryError(ClassPulseError):
    """The gallery or its key is missing, damaged, or refuses the change asked for."""


class SpoolError(ClassPulseError):
    """The spool cannot be opened or written."""


class BrokerError(ClassPulseError):
    """The broker cannot be reached, refused the connection or refused a message."""
