"""Whether the decision to observe that is on record still stands.

The config's `[authorisation]` records a decision; it does not make a use lawful.
"""

from __future__ import annotations

from datetime import datetime

from edge.config import AuthorisationSettings
from edge.errors import AuthorisationError


def days_left(authorisation: AuthorisationSettings, now: datetime) -> int:
    """Days until the authorisation's last day: 0 on that day, negative afterwards.

    now: aware; its day is taken in the machine's own time zone, as the config's date is meant there.
    """
    return (authorisation.expires - now.astimezone().date()).days


def require(authorisation: AuthorisationSettings, now: datetime) -> None:
    """Raises AuthorisationError when the authorisation has expired. It holds until the end of its last day."""
    left = days_left(authorisation, now)
    if left < 0:
        raise AuthorisationError(
            f"the authorisation {authorisation.reference!r} by {authorisation.approved_by} expired on "
            f"{authorisation.expires}, {-left} {'day' if left == -1 else 'days'} ago: nobody may be observed; have it "
            "decided again, then write the new reference and expires into [authorisation] of the config"
        )
