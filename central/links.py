"""Central's two sessions at the broker: one for what is seen now, one for what comes late.

What a classroom could not send for a day drains through the second, and nothing that is seen now waits behind it.
"""

from __future__ import annotations

import time

from central.link import Link
from central.session import Session, wait_for

LIVE, LATE = "+", "observation/late"
"""The topics of each, below a classroom's: one level, and the only one with two."""
_BOTH = "#"
"""What the one session of earlier versions subscribed to."""
_TURN_SECONDS = 0.1


class Links:
    """Both of them, used on one thread."""

    def __init__(self, live: Link, late: Link) -> None:
        self.live, self.late = live, late
        self._parted: Session | None = None

    @property
    def connected(self) -> bool:
        return self.live.connected and self.late.connected

    def part(self) -> None:
        """See that late messages come by their own session only; to be called again and again.

        An upgraded central finds them in its old session too, whose subscription the broker has kept: it ends once the
        other one stands, so that there is no moment without any.
        """
        session = self.live.session
        if session is not None and session is not self._parted and self.late.connected:
            session.unsubscribe(_BOTH)
            self._parted = session

    def wait(self, seconds: float) -> None:
        """Until something comes on one of them; so long at most."""
        sessions = [session for link in (self.live, self.late) if (session := link.session) is not None]
        if any(session.waiting for session in sessions):
            return
        sockets = [sock for session in sessions if (sock := session.socket) is not None]
        if sockets:
            wait_for(sockets, seconds)
        else:
            time.sleep(seconds)

    def idle(self, seconds: float) -> None:
        """Let so much time pass, and keep the connections; messages wait."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for link in (self.live, self.late):
                link.idle(min(left, _TURN_SECONDS) / 2)

    def close(self) -> None:
        """Take leave of the broker."""
        self.live.close()
        self.late.close()
