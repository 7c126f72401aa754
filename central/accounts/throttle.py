"""Slows guessing down: too many wrong passwords for an account, or from an address, and nothing is tried for a while.

Only wrong ones count, since a school's teachers all come from one address in the morning. The counts lie in memory: a
restart forgets them, and one process serves all.
"""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from central.accounts.errors import ThrottledError

PAIR = RateLimitItemPerMinute(5, 5)
"""For one account from one address, five in five minutes: whoever types wrongly, or a guesser, who thereby locks nobody
else out."""
ACCOUNT = RateLimitItemPerHour(50)
"""For one account from everywhere: guessers with many addresses. It does lock the owner out, for an hour at most."""
ADDRESS = RateLimitItemPerMinute(50, 15)
"""For all accounts from one address, fifty in a quarter of an hour: one password for many names."""


class Throttle:
    """Counts what was wrong."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, account: str, address: str) -> None:
        """Raises ThrottledError when nothing may be tried now. An account that does not exist is like any other."""
        full = [
            self._limiter.get_window_stats(limit, *key).reset_time
            for limit, key in self._keys(account, address)
            if not self._limiter.test(limit, *key)
        ]
        if full:
            raise ThrottledError(max(1, math.ceil(max(full) - time.time())))

    def failed(self, account: str, address: str) -> None:
        """It was wrong."""
        for limit, key in self._keys(account, address):
            self._limiter.hit(limit, *key)

    def succeeded(self, account: str, address: str) -> None:
        """Its owner is there: what went wrong from here before was theirs."""
        self._limiter.clear(PAIR, "pair", account, _network(address))

    def _keys(self, account: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        network = _network(address)
        return [
            (PAIR, ("pair", account, network)),
            (ACCOUNT, ("account", account)),
            (ADDRESS, ("address", network)),
        ]


def _network(address: str) -> str:
    """One customer's: anybody with IPv6 has 2^64 addresses of their own (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address  # of a test, or a socket that has none
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
