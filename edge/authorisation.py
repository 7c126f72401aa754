"""Whether somebody may be observed now: the decision on record still stands, and the day is known.

The config's `[authorisation]` records a decision; it does not make a use lawful.
"""

from __future__ import annotations

import logging
from datetime import datetime

from edge.clock import Clock
from edge.config import AuthorisationSettings
from edge.errors import AuthorisationError
from edge.journal import AUTHORISATION_ENDS, OBSERVING_PAUSED, OBSERVING_RESUMED, event
from edge.wire import Pause

logger = logging.getLogger(__name__)

WARNING_DAYS = 30
"""So many days before the authorisation's end the warnings begin."""


def days_left(authorisation: AuthorisationSettings, now: datetime) -> int:
    """Days until the authorisation's last day: 0 on that day, negative afterwards.

    now: aware; its day is taken in the machine's own time zone, as the config's date is meant there.
    """
    return (authorisation.expires - now.astimezone().date()).days


def require(authorisation: AuthorisationSettings, now: datetime) -> None:
    """Raises AuthorisationError when the authorisation has expired. It holds until the end of its last day."""
    if days_left(authorisation, now) < 0:
        raise AuthorisationError(
            f"{_expiry(authorisation, now)}: nobody may be observed; have it decided again, then write the new "
            "reference and expires into [authorisation] of the config"
        )


def _expiry(authorisation: AuthorisationSettings, now: datetime) -> str:
    ago = -days_left(authorisation, now)
    return (
        f"the authorisation {authorisation.reference!r} by {authorisation.approved_by} expired on "
        f"{authorisation.expires}, {days(ago)} ago"
    )


def days(count: int) -> str:
    """A number of days in words."""
    return f"{count} {'day' if count == 1 else 'days'}"


class Permission:
    """Whether the daemon may observe at this moment; says in the log when that changes."""

    def __init__(self, authorisation: AuthorisationSettings, clock: Clock) -> None:
        """Raises AuthorisationError when the authorisation has expired for certain: by a clock that is synchronised."""
        self._authorisation = authorisation
        self._clock = clock
        self._warned_of: int | None = None
        self.paused: Pause | None = None
        """Why nobody may be observed now; None: it is allowed."""
        if clock.synchronised():
            require(authorisation, clock.now())

    def use_settings(self, authorisation: AuthorisationSettings) -> None:
        """Another decision is on record."""
        self._authorisation = authorisation
        self._warned_of = None

    @property
    def days_left(self) -> int | None:
        """Days until the authorisation's last day; None while the day is not known."""
        return days_left(self._authorisation, self._clock.now()) if self._clock.synchronised() else None

    def check(self) -> Pause | None:
        """Look again; returns `paused`."""
        before, now = self.paused, self._clock.now()
        left = self.days_left
        self.paused = "clock" if left is None else "authorisation" if left < 0 else None
        if self.paused != before:
            self._say(now)
        if left is not None and 0 <= left <= WARNING_DAYS and self._warned_of != left:
            self._warned_of = left
            logger.warning(
                "the authorisation %r expires on %s, in %s: nobody is observed after that; have it decided again",
                self._authorisation.reference, self._authorisation.expires, days(left),
                extra=event(AUTHORISATION_ENDS, days=left),
            )  # fmt: skip
        return self.paused

    def _say(self, now: datetime) -> None:
        if self.paused == "clock":
            logger.error(
                "paused: the clock is not synchronised, so nobody is observed; check that a time server can be reached "
                "(timedatectl), or write clock.synchronised = \"assumed\" where the clock is right without one",
                extra=event(OBSERVING_PAUSED, reason="clock"),
            )  # fmt: skip
        elif self.paused == "authorisation":
            logger.error(
                "paused: %s: nobody is observed; have it decided again, write the new reference and expires into "
                "[authorisation] of the config, and reload",
                _expiry(self._authorisation, now), extra=event(OBSERVING_PAUSED, reason="authorisation"),
            )  # fmt: skip
        else:
            logger.info("observing again", extra=event(OBSERVING_RESUMED))
