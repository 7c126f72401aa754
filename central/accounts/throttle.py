"""Slows guessing down: too many wrong passwords for an account, or from an address, and nothing is tried for a while.

Only wrong ones count, since a school's teachers all come from one address in the morning. The counts lie in memory: a
restart forgets them, and one process serves all.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Iterable

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
"""For all accounts from one address, fifty in a quarter of an hour: one password for many names. Pupils may share the
staff's address, so that accounts that have come from it before are let through."""
_LOCAL = ipaddress.IPv6Network("fc00::/7")
"""Unique local addresses (RFC 4193)."""


class Throttle:
    """Counts what was wrong."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, account: str, address: str, came_from: Callable[[], Iterable[str]]) -> None:
        """Raises ThrottledError when nothing may be tried now. An account that does not exist is like any other.

        came_from: asked for the addresses from which the account's owner has come, once the address is closed.
        """
        full = [
            self._limiter.get_window_stats(limit, *key).reset_time
            for limit, key in self._keys(account, address)
            if not self._limiter.test(limit, *key)
            and not (limit is ADDRESS and _network(address) in map(_network, came_from()))
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
    """One customer's: anybody with IPv6 has 2^64 addresses of their own (RFC 6177). Within a site, one machine's."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address  # of a test, or a socket that has none
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        bits = 128 if parsed in _LOCAL or parsed.is_link_local else 64
        return str(ipaddress.ip_network((int(parsed), bits), strict=False))
    return str(parsed)
