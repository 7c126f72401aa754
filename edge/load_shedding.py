"""Less work while the processor is too hot or too slow, and all of it again afterwards.

Too hot: the firmware throttles, or the processor is near the temperature where it will. Then the pipeline rests after
each frame for as long as the frame took, or three times as long. Too slow: frames take longer than a face may wait
for its next reading. Then, as when it is too hot, a half or a quarter of the faces of a frame are looked at.
"""

from __future__ import annotations

import logging
import statistics
from collections import deque
from pathlib import Path

from edge.config import Settings
from edge.journal import LOAD_NORMAL, LOAD_SHED, event
from edge.reporter import RUN_GAP

logger = logging.getLogger(__name__)

HIGHEST_LEVEL = 2
HOT_CELSIUS = 80.0
"""Where a Raspberry Pi begins to slow down (raspberrypi.com, "Frequency management and thermal control")."""
_COOL_CELSIUS = 75.0
_THROTTLED_BITS = 0b1110
"""Of get_throttled: frequency capped, throttled, soft temperature limit, each now; bits 16 and up are what has been."""
_UNDERVOLTAGE_BIT = 0b1
_STRAINED_SECONDS = 10.0
"""Of strain before the level rises by one."""
_CALM_SECONDS = 60.0
"""Without strain before it falls by one."""
_TEMPERATURE = Path("sys/class/thermal/thermal_zone0/temp")
_THROTTLED = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
"""What `vcgencmd get_throttled` prints, without a process and without access to /dev/vcio."""


class Thermometer:
    """How hot the processor is, and whether its firmware slows it down."""

    def __init__(self, root: Path = Path("/")) -> None:
        """root: where /sys is."""
        self._root = root

    def celsius(self) -> float | None:
        """Degrees of the processor; None where the machine does not tell."""
        text = _read(self._root / _TEMPERATURE)
        return int(text) / 1000 if text.lstrip("-").isdigit() else None

    def throttled(self) -> bool:
        """Whether the processor is slowed down now because of heat."""
        return bool((self.flags() or 0) & _THROTTLED_BITS)

    def undervoltage(self) -> bool:
        """Whether the supply voltage is too low now."""
        return bool((self.flags() or 0) & _UNDERVOLTAGE_BIT)

    def flags(self) -> int | None:
        """The bits of `vcgencmd get_throttled`: what is (0..3) and what has been since the boot (16..19).

        None where there is no such firmware.
        """
        try:
            return int(_read(self._root / _THROTTLED), 16)
        except ValueError:
            return None


class LoadShedding:
    """Decides how much is left out. Times are monotonic seconds."""

    def __init__(self, settings: Settings, thermometer: Thermometer | None = None) -> None:
        self._thermometer = thermometer or Thermometer()
        self._durations: deque[float] = deque(maxlen=20)
        self._hot = False
        self._strained_since: float | None = None
        self._calm_since: float | None = None
        self._resume_at = 0.0
        self.level = 0
        """0: nothing is left out; 1: half of the work; 2: three quarters."""
        self.use_settings(settings)

    def use_settings(self, settings: Settings) -> None:
        self._slow_seconds = max(settings.emotion.reading_seconds, 1.0 / settings.camera.frames_per_second)
        # Never so seldom that a student would be read too rarely to be reported, or that a run of "tired" breaks.
        enough = settings.report.interval_seconds / (settings.report.minimum_readings + 1)
        self._longest_period = min(0.5 * RUN_GAP, enough)

    def resting(self, now: float) -> bool:
        """Whether a frame that comes now is to be passed over."""
        return now < self._resume_at

    def worked(self, began: float, ended: float) -> None:
        """A frame was processed."""
        duration = ended - began
        self._durations.append(duration)
        if self._hot and self.level:
            rest = duration * (1 if self.level == 1 else 3)
            self._resume_at = ended + max(0.0, min(rest, self._longest_period - duration))

    def check(self, now: float) -> int:
        """Look at heat and load, at most every few seconds; returns the level."""
        celsius = self._thermometer.celsius()
        limit = _COOL_CELSIUS if self._hot else HOT_CELSIUS
        self._hot = self._thermometer.throttled() or (celsius is not None and celsius >= limit)
        typical = statistics.median(self._durations) if self._durations else 0.0
        # Half the threshold to be calm again: with all faces looked at it may take twice as long.
        slow = typical > (self._slow_seconds / 2 if self.level else self._slow_seconds)
        if self._hot or slow:
            self._calm_since = None
            self._strained_since = now if self._strained_since is None else self._strained_since
            worse = self._hot or typical > self._slow_seconds
            if worse and self.level < HIGHEST_LEVEL and now - self._strained_since >= _STRAINED_SECONDS:
                self._strained_since = now
                self._rise(celsius, typical)
        else:
            self._strained_since = None
            self._calm_since = now if self._calm_since is None else self._calm_since
            if self.level and now - self._calm_since >= _CALM_SECONDS:
                self._calm_since = now
                self._fall()
        return self.level

    def _rise(self, celsius: float | None, typical: float) -> None:
        self.level += 1
        if self.level > 1:  # said already
            return
        if self._hot:
            degrees = f"{celsius:.0f} degrees" if celsius is not None else "throttled"
            reason = f"the processor is too hot ({degrees}); check ventilation and heat sink"
        else:
            reason = (
                f"a frame takes {typical:.2f} s; choose a larger detector.min_face or a smaller frame, "
                "or check what else runs here"
            )
        logger.warning("fewer frames and faces are looked at: %s", reason, extra=event(LOAD_SHED, reason=reason))

    def _fall(self) -> None:
        self.level -= 1
        if self.level == 0:
            self._resume_at = 0.0
            logger.info("everything is looked at again", extra=event(LOAD_NORMAL))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
